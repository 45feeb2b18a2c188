# shellcheck shell=bash disable=SC2034
# PostgreSQL 15 as Debian 12 has it, with an empty cluster that trusts whoever
# reaches it: for services of jobs, whose network is private. Host, user and
# database are db (or what the service is called), postgres and postgres.
# DEBIAN_MIRROR names another mirror than Debian's own.
image=mlops/postgres:15
packages=(mmdebstrap debian-archive-keyring)
changes=(
  'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin' 'ENV LANG=C.UTF-8' 'ENV PGDATA=/var/lib/postgresql/data'
  'ENV PGUSER=postgres' 'USER postgres' 'EXPOSE 5432' 'STOPSIGNAL SIGINT'
  'HEALTHCHECK CMD ["pg_isready", "--quiet", "--host=127.0.0.1"]' 'CMD ["postgres", "-c", "listen_addresses=*"]'
)

origin() { :; }

# The cluster is made here and not when the service starts, which would take
# seconds each time. What is safe against a power cut is not needed by a
# database that lives as long as a job.
rootfs() {
  mmdebstrap --quiet --variant=essential --include=postgresql-15 \
    --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/postgresql/15/man/*' \
    --dpkgopt='path-exclude=/usr/lib/postgresql/15/lib/bitcode/*' \
    --customize-hook='chroot "$1" setpriv --reuid=postgres --regid=postgres --clear-groups /usr/lib/postgresql/15/bin/initdb --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync /var/lib/postgresql/data >&2' \
    --customize-hook='echo "host all all all trust" >>"$1/var/lib/postgresql/data/pg_hba.conf"' \
    --customize-hook='printf "%s = off\n" fsync synchronous_commit full_page_writes >>"$1/var/lib/postgresql/data/postgresql.conf"' \
    --customize-hook='rm -rf "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/postgresql/15/lib/llvmjit* "$1"/tmp/* "$1"/var/cache/* "$1"/var/lib/apt/lists' \
    bookworm - ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
}
