bash <<'SAMPLE'
# Signs a request in Tylt's form and sends it. Needs bash, curl and OpenSSL.
# For trying things out: while openssl runs, whoever is signed in on this machine can see its arguments, and the secret among them.
set -euo pipefail # in a shell of its own: when something fails, yours goes on
# Asks for the secret key, unless KEYWRIGHT_SECRET holds it.
[[ -n ${KEYWRIGHT_SECRET:-} ]] || { read -rsp 'Secret key: ' KEYWRIGHT_SECRET && echo; } 2>/dev/null </dev/tty >/dev/tty 2>&1 || true
: "${KEYWRIGHT_SECRET:?set it to the secret key}"

url='{{url}}'
api_key='{{keyid}}'
body='{"amount":"10.00","currency":"EUR"}'

# What is signed: the body, byte for byte. A GET has none: its raw query string is signed instead, as in signed=${url#*\?}
signed=$body
signature=$(printf '%s' "$signed" | openssl dgst -sha256 -hmac "$KEYWRIGHT_SECRET" | sed 's/.*= *//')

curl --silent --show-error --fail-with-body --globoff "$url" \
  --header "X-TLP-APIKEY: $api_key" \
  --header "X-TLP-SIGNATURE: $signature" \
  --header 'Content-Type: application/json' \
  --data-raw "$body"
SAMPLE
