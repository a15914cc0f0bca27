# sh -eu -c THIS sh COMMAND...
# Within namespaces of its own: runs a command whose big-endian MIPS programs, and those that they start, Linux starts under
# QEMU (binfmt_misc, private to a user namespace since Linux 6.7).
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
magic='\x7fELF\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x08'
# Byte 8, the version of the ABI, is 1 in programs that clang links.
mask='\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff'
printf '%s' ":mips:M::$magic:$mask:/usr/bin/qemu-mips-static:FP" >/proc/sys/fs/binfmt_misc/register
exec "$@"
