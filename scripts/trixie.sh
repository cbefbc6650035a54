# Sourced by qemu.sh and kernel.sh, which set `folder` and say(): packages of Debian's trixie and its backports, through apt
# and the mirror that this machine has. Nothing is installed, and no right is needed.

# trixie ELSE: makes own(), an apt-get with a package system of its own, in which nothing is installed yet, in the folder
# $apt. Where that can't be, says what to do ELSE, and ends the script.
trixie() {
    local sources=/etc/apt/sources.list.d/debian.sources key=/usr/share/keyrings/debian-archive-keyring.gpg mirror suite
    mirror=$(sed -n 's/^URIs: *//p' "$sources" 2>/dev/null | head -1)
    if [ -z "$mirror" ] || [ ! -e "$key" ] || ! command -v apt-get >/dev/null; then
        say "this is no Debian with $sources and its keyring: $1"
        exit 1
    fi
    apt=$(mktemp -d)
    trap 'rm -rf "$apt" "$folder.new"' EXIT
    mkdir -p "$apt"/{lists/partial,archives/partial}
    : >"$apt/status"
    for suite in trixie trixie-backports; do
        echo "deb [signed-by=$key] $mirror $suite main"
    done >"$apt/sources.list"
    own update >/dev/null
}

own() { apt_tool apt-get -qq "$@"; }

apt_tool() {
    local tool="$1"
    shift
    "$tool" -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status" \
        -o Dir::Cache="$apt" -o Dir::Cache::Archives="$apt/archives" \
        -o APT::Architectures=amd64 -o APT::Sandbox::User= -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}
