#!/bin/sh
# The main job, end to end, on a throw-away copy of examples/shop: a daemon watches it, a new Lambda and a changed
# controller arrive, and the report says what came of it. Everything it writes lies in .demo/.
set -eu
hookd=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
demo=$here/../.demo
rm -rf "$demo"
mkdir -p "$demo/home" "$demo/runtime"
demo=$(cd "$demo" && pwd)
cp -R "$here/shop" "$demo/shop"
export HOME="$demo/home" XDG_STATE_HOME="$demo/state" XDG_CONFIG_HOME="$demo/config" XDG_RUNTIME_DIR="$demo/runtime"

echo "\$ kiro-hookd trust examples/shop --yes"
"$hookd" trust "$demo/shop" --yes

echo "\$ kiro-hookd run examples/shop &"
"$hookd" run "$demo/shop" 2>"$demo/daemon.log" &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true; wait "$daemon" 2>/dev/null || true' EXIT
until "$hookd" status --json | grep -q '"running": true'; do
    kill -0 "$daemon" 2>/dev/null || { cat "$demo/daemon.log" >&2; exit 1; }
    sleep 0.1
done

echo "... a new Lambda and a changed controller are saved: src/functions/refund.ts, src/controllers/orders.ts"
cp "$here/changes/src/functions/refund.ts" "$demo/shop/src/functions/refund.ts"
cp "$here/changes/src/controllers/orders.ts" "$demo/shop/src/controllers/orders.ts"

tries=0
until [ "$("$hookd" report --json -w "$demo/shop" | grep -c '"outcome": "succeeded"')" -ge 2 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "no two reports within a minute" >&2; cat "$demo/daemon.log" >&2; exit 1; }
    sleep 0.2
done

echo "\$ kiro-hookd report"
echo
"$hookd" report -w "$demo/shop"
