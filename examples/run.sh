#!/bin/sh
# A daemon on a copy of examples/shop in .demo/shop, until Ctrl-C. Change files there and watch the log.
set -eu
hookd=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$here/../.demo/home" "$here/../.demo/runtime"
demo=$(cd "$here/../.demo" && pwd)
[ -d "$demo/shop" ] || cp -R "$here/shop" "$demo/shop"
export HOME="$demo/home" XDG_STATE_HOME="$demo/state" XDG_CONFIG_HOME="$demo/config" XDG_RUNTIME_DIR="$demo/runtime"
"$hookd" trust "$demo/shop" --yes
echo "Change a file in $demo/shop/src, for example: cp examples/changes/src/functions/refund.ts .demo/shop/src/functions/"
exec "$hookd" run "$demo/shop"
