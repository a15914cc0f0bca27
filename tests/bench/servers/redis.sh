# Prints what redis-benchmark measures over loopback, in requests a second: SET and GET, and the same with a pipeline of 16.
folder=$(mktemp -d)
redis-server --port 7777 --dir "$folder" --save '' --appendonly no >"$folder/log" 2>&1 &
until redis-cli -p 7777 ping >/dev/null 2>&1; do sleep 0.1; done
measure() {
    redis-benchmark -p 7777 -c 20 -n "$1" -P "$2" --csv -t set,get 2>/dev/null | tr -d '"' | tail -n +2 |
        while IFS=, read -r name rate rest; do echo "$name-$2 $rate"; done
}
measure $((300000 / PART)) 1
measure $((2000000 / PART)) 16
redis-cli -p 7777 shutdown nosave
wait
rm -r "$folder"
