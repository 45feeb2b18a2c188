# shellcheck shell=bash disable=SC2034
# Python 3.11 with scikit-learn 1.2 and pandas 1.5, as Debian 12 has them.
# DEBIAN_MIRROR names another mirror than Debian's own.
image=mlops/python-sklearn:12
packages=(mmdebstrap debian-archive-keyring dpkg)
changes=('ENV PATH=/usr/local/bin:/usr/bin:/bin' 'ENV LANG=C.UTF-8' 'ENV PYTHONUNBUFFERED=1' 'CMD ["/usr/bin/python3"]')

origin() { :; }

rootfs() {
  mmdebstrap --quiet --variant=essential \
    --include="python3-sklearn,python3-pandas,$(without_compiler)" \
    --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='find "$1/usr/lib/python3/dist-packages" -type d -name tests -prune -exec rm -rf {} +' \
    --customize-hook='rm -rf "$1"/tmp/* "$1"/var/cache/* "$1"/var/lib/apt/lists "$1"/usr/share/bash-completion' \
    bookworm - ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
}

# without_compiler prints the path of an empty package that stands in for
# python3-pythran: SciPy's package depends on it, only its build uses it, and it
# brings a C++ compiler and Boost, two thirds of the image.
without_compiler() {
  local package=$work/python3-pythran
  mkdir -p "$package/DEBIAN"
  cat >"$package/DEBIAN/control" <<-CONTROL
	Package: python3-pythran
	Version: 999
	Architecture: all
	Maintainer: mlops authors <mlops@localhost>
	Description: empty; SciPy is run here, not built
	CONTROL
  dpkg-deb --root-owner-group -b "$package" "$package.deb" >/dev/null
  echo "$package.deb"
}
