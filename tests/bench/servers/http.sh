# Prints what wrk measures of nginx over loopback with connections that are kept: requests a second for a file of 1 KiB.
folder=$(mktemp -d)
chmod 755 "$folder"
mkdir -p /var/lib/nginx /var/log/nginx 2>/dev/null || true
head -c 1024 /dev/zero | tr '\0' x >"$folder/file"
cat >"$folder/conf" <<C
worker_processes 1;
daemon off;
user root;
error_log $folder/log;
pid $folder/pid;
events { worker_connections 100; }
http { access_log off; keepalive_requests 1000000000; server { listen 127.0.0.1:8088; root $folder; } }
C
nginx -c "$folder/conf" 2>/dev/null &
until wrk -t 1 -c 1 -d 1 http://127.0.0.1:8088/file >"$folder/out" 2>&1; do sleep 0.1; done
wrk -t 1 -c 20 -d $((10 / PART)) http://127.0.0.1:8088/file >"$folder/out"
grep -q 'Non-2xx\|Socket errors' "$folder/out" || sed -n 's/^Requests.sec: */http /p' "$folder/out"
kill "$(cat "$folder/pid")"
wait
rm -r "$folder"
