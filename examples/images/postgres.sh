# shellcheck shell=bash disable=SC2034
# PostgreSQL 15 as Debian 12 has it, with an empty cluster that trusts whoever
# reaches it: for services of jobs, whose network is private. User and database
# are called postgres.
# DEBIAN_MIRROR names another mirror than Debian's own.
image=mlops/postgres:15
packages=(mmdebstrap debian-archive-keyring)
changes=(
  'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin' 'ENV LANG=C.UTF-8' 'ENV PGDATA=/var/lib/postgresql/data'
  'ENV PGUSER=postgres' 'USER postgres' 'EXPOSE 5432'
  'HEALTHCHECK CMD ["pg_isready", "--quiet", "--host=127.0.0.1"]' 'CMD ["postgres", "-c", "listen_addresses=*"]'
)

origin() { :; }

# Packages are unpacked and not configured: their scripts set up a system that
# boots. The cluster is made here and not when the service starts, which would
# take seconds each time. What is safe against a power cut is not needed by a
# database that lives as long as a job.
rootfs() {
  local root=$work/root
  mmdebstrap --quiet --variant=extract --include=postgresql-15,tzdata,dash,coreutils,sed,grep,libc-bin \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >&2
  printf 'root:x:0:0:root:/root:/bin/sh\npostgres:x:101:101:postgres:/var/lib/postgresql:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\npostgres:x:101:\n' >"$root/etc/group"
  rm -rf "$root"/usr/lib/*/libLLVM* "$root"/usr/lib/postgresql/15/lib/{llvmjit*,bitcode} "$root"/usr/{share,lib/*}/perl* \
    "$root"/usr/share/{doc,man,locale} "$root"/var/cache/* "$root"/var/lib/apt/lists "$root"/dev/*
  mkdir -p "$root"/var/lib/postgresql "$root"/var/run/postgresql "$root"/root
  chown 101:101 "$root"/var/lib/postgresql "$root"/var/run/postgresql
  mknod -m 666 "$root/dev/null" c 1 3 # for initdb; containers have their own
  chroot --userspec=101:101 "$root" /usr/lib/postgresql/15/bin/initdb --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync /var/lib/postgresql/data >&2
  rm "$root/dev/null"
  echo 'host all all all trust' >>"$root/var/lib/postgresql/data/pg_hba.conf"
  printf '%s = off\n' fsync synchronous_commit full_page_writes >>"$root/var/lib/postgresql/data/postgresql.conf"
  tar -C "$root" -c --sort=name --numeric-owner .
}
