#!/bin/sh
# Two replicas on one PostgreSQL behind nginx, as deploy/nginx.conf has it: while one is killed and comes back, what an
# ATS sends is taken by the other, and every order is there once. Where nginx is missing it is fetched from Debian into
# target/nginx; nothing is installed or started beside it.
set -eu

here=$(realpath "$(dirname "$0")")
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
PATH=$PATH:/usr/sbin:$target/nginx/usr/sbin
if ! command -v nginx >/dev/null; then
    mkdir -p "$target/nginx"
    (
        cd "$target/nginx"
        run=""
        [ "$(id -u)" = 0 ] || run="sudo"
        $run apt-get update -q
        $run apt-get install -y -q --no-install-recommends libpcre2-8-0 libssl3 zlib1g
        apt-get download -q nginx
        dpkg-deb -x nginx_*.deb .
    ) >&2
fi
command -v curl >/dev/null || {
    echo "curl is missing: install it with your system's package manager, then try again." >&2
    exit 1
}

cargo build --quiet --locked
place=$(mktemp -d)
# The server of PostgreSQL is not run as root.
chmod 755 "$place"
end() {
    [ ! -e "$place/nginx.pid" ] || kill "$(cat "$place/nginx.pid")" || true
    for replica in one two; do "$here/server.sh" stop "$place/$replica" 2>/dev/null || true; done
    "$here/postgres.sh" stop "$place/postgres" || true
    rm -rf "$place"
}
trap end EXIT

CROSSCHECK_DATABASE_URL=$("$here/postgres.sh" start "$place/postgres" fsync=off)
CROSSCHECK_SECRET_KEYS=$("$target/debug/crosscheck" keys new-sealing)
CROSSCHECK_API_KEY=replicas-of-crosscheck-0001
export CROSSCHECK_DATABASE_URL CROSSCHECK_SECRET_KEYS CROSSCHECK_API_KEY
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
proxy=http://127.0.0.1:$port
one=$("$here/server.sh" start "$place/one" CROSSCHECK_PUBLIC_URL="$proxy")
two=$("$here/server.sh" start "$place/two" CROSSCHECK_PUBLIC_URL="$proxy")
sed -e "s/listen 8080/listen 127.0.0.1:$port/" \
    -e "s|^\( *\)server crosscheck:8080 \(.*\)|\1server ${one#http://} \2 server ${two#http://} \2|" \
    "$here/../deploy/nginx.conf" >"$place/site.conf"
cat >"$place/nginx.conf" <<CONF
pid $place/nginx.pid;
error_log $place/errors;
events {}
http {
    access_log off;
    client_body_temp_path $place/body;
    proxy_temp_path $place/proxy;
    fastcgi_temp_path $place/fastcgi;
    uwsgi_temp_path $place/uwsgi;
    scgi_temp_path $place/scgi;
    include $place/site.conf;
}
CONF
nginx -e "$place/errors" -c "$place/nginx.conf"

vendor() { curl -fsS -u "$CROSSCHECK_API_KEY:" "$@"; }
token=$(vendor "$proxy/unified/ats/assessments/secrets" -d '{
  "provider": "greenhouse", "origin_owner_id": "cust-7", "origin_owner_name": "Globex"}' |
    sed 's/.*"secretKey":"\([^"]*\)".*/\1/')

# Sends the tests of the callbacks $1 to $2, some at a time, each again where no answer came, as an ATS does.
send() {
    seq "$1" "$2" | xargs -P 6 -I {} curl -fsS --retry 20 --retry-all-errors --retry-delay 0 --retry-max-time 60 \
        -o /dev/null -u "$token:" "$proxy/external-trigger/greenhouse/send_test" -d '{
          "partner_test_id": "logic-40",
          "candidate": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org",
            "greenhouse_profile_url": "https://app.greenhouse.io/people/17?application_id=42"},
          "url": "http://127.0.0.1:9/callback/{}"}' 2>>"$place/said"
}
send 1 30
send 31 80 &
sending=$!
kill -9 "$(cat "$place/one/pid")"
wait "$sending"
echo "ok    one replica is killed, and the other one takes all that is sent"
"$here/server.sh" start "$place/one" CROSSCHECK_PUBLIC_URL="$proxy" CROSSCHECK_LISTEN="${one#http://}" >/dev/null
kill -9 "$(cat "$place/two/pid")"
send 81 100
echo "ok    it comes back, and takes all once the other one is killed"
orders=$(vendor "$proxy/unified/ats/assessments/orders?page_size=100" | grep -o '"id":"ats_ass_[^"]*"' | sort -u | wc -l)
events=$(vendor "$proxy/events?event_type=record.new&page_size=100" | grep -o '"eventType":"record.new"' | wc -l)
if [ "$orders" != 100 ] || [ "$events" != 100 ]; then
    echo "100 tests were sent: $orders orders and $events events are there" >&2
    cat "$place/said" >&2
    exit 1
fi
echo "ok    100 tests that were sent are 100 orders, each told once"
