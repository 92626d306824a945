# What the tests need beside Go: deps.sh check | install.
# PostgreSQL's programs (or a server that TEST_DATABASE_URL names), a Chromium,
# and a C compiler for the race detector.
set -eu

any_of() {
    for program in "$@"; do
        if command -v "$program" >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

has_postgres() {
    [ -n "${TEST_DATABASE_URL:-}" ] && return 0
    any_of initdb && any_of pg_ctl && any_of postgres && return 0
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && return 0
    done
    return 1
}

# missing names Debian's packages of what is not there.
missing() {
    has_postgres || echo postgresql
    any_of chromium chromium-browser google-chrome google-chrome-stable headless-shell || echo chromium
    any_of "${CC:-gcc}" gcc cc || echo gcc libc6-dev
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    any_of apt-get || return 1
    [ "$(id -u)" -eq 0 ] || { any_of sudo && sudo -n true 2>/dev/null; }
}

# no_main_cluster keeps Debian from making and starting a server of its own: the
# tests start theirs. It must be said before the server's package comes, and is
# not said where somebody has PostgreSQL's tools already.
no_main_cluster() {
    [ -e /etc/postgresql-common/createcluster.conf ] && return 0
    as_root apt-get install -y --no-install-recommends postgresql-common
    as_root sed -i 's/^#*create_main_cluster *=.*/create_main_cluster = false/' \
        /etc/postgresql-common/createcluster.conf
}

install() {
    packages=$(missing | tr '\n' ' ')
    if [ -z "$packages" ]; then
        echo "deps: nothing is missing"
        return 0
    fi
    if ! may_install; then
        echo "deps: please install ${packages}(Debian's names; instead of postgresql, TEST_DATABASE_URL may name a server)" >&2
        return 1
    fi
    echo "deps: installing ${packages}"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update
    case $packages in *postgresql*) no_main_cluster ;; esac
    # shellcheck disable=SC2086 # several packages
    as_root apt-get install -y --no-install-recommends $packages
}

case ${1:-} in
check)
    packages=$(missing | tr '\n' ' ')
    [ -z "$packages" ] || { echo "deps: missing ${packages}" && exit 1; }
    ;;
install) install ;;
*)
    echo "usage: deps.sh check | install" >&2
    exit 2
    ;;
esac
