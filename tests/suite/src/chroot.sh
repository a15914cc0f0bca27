# sh -eu -c THIS sh ROOT FOLDER PROGRAM ARGUMENT...
# Within namespaces of its own, with a loopback interface of its own: runs a MIPS program of ROOT under QEMU, which Linux starts for it and its children
# (binfmt_misc, private to a user namespace since Linux 6.7). ROOT stays as it is; FOLDER is /w.
root=$1 folder=$2
shift 2
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
magic='\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x08\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":mipsel:M::$magic:$mask:/usr/bin/qemu-mipsel-static:FP" >/proc/sys/fs/binfmt_misc/register
/usr/sbin/ip link set lo up
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "userxattr,lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
mkdir -p /mnt/root/w
mount --bind "$folder" /mnt/root/w
mount -t proc proc /mnt/root/proc
mount --rbind /dev /mnt/root/dev
exec /usr/sbin/chroot /mnt/root /usr/bin/env --chdir=/w "$@"
