# sh THIS ARGUMENT...
# zig as the compiler that busybox's Makefile expects; ZIG is its path. Its driver refuses what is there only to print a map.
for word; do
    shift
    case $word in
        -Wl,--warn-common | -Wl,-Map,* | -Wl,--verbose) ;;
        *) set -- "$@" "$word" ;;
    esac
done
# busybox assigns pointers that it declares const, and clang reads such ones before that: none may be const.
exec "$ZIG" cc -target mips-linux-musleabi -DBB_GLOBAL_CONST= "$@"
