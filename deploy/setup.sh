#!/usr/bin/env bash
# Make the environment in .venv from a lock file; a second run with the same lock does nothing.
#   deploy/setup.sh run    what serving needs
#   deploy/setup.sh dev    that, and what tests and linters need
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-run}
lock=requirements.lock
[ "$kind" = dev ] && lock=requirements-dev.lock

say() { printf '· %s\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

# apt where it may be used without asking anybody; nothing otherwise.
apt_install() {
    local apt=()
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then apt=(apt-get); elif sudo -n true 2>/dev/null; then apt=(sudo apt-get); else return 1; fi
    say "apt 安装 $*"
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    "${apt[@]}" update -qq >/dev/null 2>&1 || return 1
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

has_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1" || [ -n "$(find /usr/lib /usr/local/lib /opt/homebrew/lib -name "$1*" 2>/dev/null | head -n 1)" ]; }

if ! has_library libzbar; then
    apt_install libzbar0 || fail "缺少 libzbar：请运行 sudo apt-get install libzbar0（macOS：brew install zbar），然后重试"
fi

# Certificates are drawn with these; the rest works without them.
if ! ls /usr/share/fonts/opentype/noto/NotoSerifCJK-* >/dev/null 2>&1; then
    apt_install fonts-noto-cjk || say "没有 Noto CJK 字体：证书与演示资料画不出来。需要时安装 fonts-noto-cjk，或设置 ZHUISU_CERTIFICATE__FONT_DIRS"
fi

python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "需要 Python 3.11 或更新版本"

# The development lock holds everything that the other one does.
stamp=$(cat requirements.lock requirements-dev.lock pyproject.toml | cksum | cut -d ' ' -f 1)
if [ -x .venv/bin/python ]; then
    for done_kind in dev "$kind"; do
        [ "$(cat ".venv/.made-$done_kind" 2>/dev/null)" = "$stamp" ] && exit 0
    done
else
    say "建立 Python 环境 .venv"
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        apt_install python3-venv || fail "缺少 venv 模块：请运行 sudo apt-get install python3-venv，然后重试"
        "$python" -m venv .venv
    fi
fi
say "安装依赖（$lock，首次约一分钟）"
# --no-deps: the lock is whole; a package of it names the windowed OpenCV, which must not come in.
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r "$lock"
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null ||
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps -e .
printf '%s' "$stamp" > ".venv/.made-$kind"
