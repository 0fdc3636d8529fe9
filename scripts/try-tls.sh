#!/bin/sh
# With the feature postgres-tls Crosscheck speaks TLS to PostgreSQL, and only to one whose certificate is good.
# Installs what building it needs on Debian and its kin.
set -eu

if ! pkg-config --exists openssl 2>/dev/null || ! command -v openssl >/dev/null; then
    run=""
    [ "$(id -u)" = 0 ] || run="sudo"
    $run apt-get update -q
    $run apt-get install -y -q --no-install-recommends libssl-dev pkg-config openssl
fi
here=$(dirname "$0")
cargo build --quiet --locked --features postgres-tls
place=$(mktemp -d)
trap '"$here/postgres.sh" stop "$place" 2>/dev/null || true; rm -rf "$place"' EXIT
# A later build without the feature puts its own in the same place.
cp "${CARGO_TARGET_DIR:-target}/debug/crosscheck" "$place/crosscheck"
crosscheck=$place/crosscheck
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$place/$1.key" -out "$place/$1.crt" 2>/dev/null
}
authority good
authority other
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$place/server.key" -out "$place/server.csr" 2>/dev/null
printf 'subjectAltName=DNS:localhost' >"$place/names"
openssl x509 -req -in "$place/server.csr" -CA "$place/good.crt" -CAkey "$place/good.key" -CAcreateserial -days 2 \
    -extfile "$place/names" -out "$place/server.crt" 2>/dev/null
chmod 600 "$place/server.key"
[ "$(id -u)" != 0 ] || chown postgres "$place/server.key"

url=$("$here/postgres.sh" start "$place" ssl=on "ssl_cert_file=$place/server.crt" "ssl_key_file=$place/server.key")
url=$(echo "$url" | sed 's/127\.0\.0\.1/localhost/')
try() {
    CROSSCHECK_DATABASE_URL="$url?sslmode=verify-full&sslrootcert=$place/$1.crt" "$crosscheck" migrate
}
try good
if try other 2>"$place/said"; then
    echo "a certificate of an authority that is not trusted was accepted" >&2
    exit 1
fi
grep -q "certificate verify failed" "$place/said" || { cat "$place/said" >&2; exit 1; }
echo "TLS to PostgreSQL works, and a certificate that is not trusted is refused"
