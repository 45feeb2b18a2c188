# shellcheck shell=bash disable=SC2034
# A shell and the usual tools in 2 MB: Debian's static busybox, a link for each
# of its applets, and the few files that programs expect of a system.
image=mlops/busybox:1
packages=(busybox-static)
changes=('ENV PATH=/usr/local/bin:/usr/bin:/bin' 'CMD ["/bin/sh"]')

origin() { sha256sum </bin/busybox; }

rootfs() {
  local root=$work/root applet
  mkdir -p "$root"/{bin,dev,etc,mnt,proc,root,sys,usr/bin,var}
  mkdir -m 1777 "$root"/tmp "$root"/var/tmp
  cp /bin/busybox "$root/bin/busybox"
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  ln -s ../../bin/env "$root/usr/bin/env"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  tar -C "$root" -c --sort=name --mtime=@"$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner .
}
