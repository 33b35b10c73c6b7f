#!/usr/bin/env bash
# Signs a request in Tylt's form and sends it. Needs bash, curl and OpenSSL.
#   read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the secret key, press Enter)
# For trying things out: while openssl runs, whoever is signed in on this machine can see its arguments, and the secret among them.
set -euo pipefail
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
