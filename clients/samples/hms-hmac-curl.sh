bash <<'SAMPLE'
# Signs a request with a secret key (RFC 9421, hmac-sha256) and sends it. Needs bash, curl and OpenSSL.
# For trying things out: while openssl runs, whoever is signed in on this machine can see its arguments, and the secret among them.
set -euo pipefail # in a shell of its own: when something fails, yours goes on
# Asks for the secret key, unless KEYWRIGHT_SECRET holds it.
[[ -n ${KEYWRIGHT_SECRET:-} ]] || { read -rsp 'Secret key: ' KEYWRIGHT_SECRET && echo; } 2>/dev/null </dev/tty >/dev/tty 2>&1 || true
: "${KEYWRIGHT_SECRET:?set it to the secret key}"

method=POST
url='{{url}}'
keyid='{{keyid}}'
body='{"amount":"10.00","currency":"EUR"}'

place=${url#*://} && place=${place%%\?*}
authority=${place%%/*} # in lower case, and without :443 or :80
path=/ && [[ $place == */* ]] && path=/${place#*/}
query='?' && [[ $url == *\?* ]] && query="?${url#*\?}"

digest="sha-256=:$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A):"
params="(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created=$(date +%s);nonce=\"$(openssl rand -hex 16)\";keyid=\"$keyid\""
signed="\"@method\": $method
\"@authority\": $authority
\"@path\": $path
\"@query\": $query
\"content-digest\": $digest
\"@signature-params\": $params"
signature=$(printf '%s' "$signed" | openssl dgst -sha256 -hmac "$KEYWRIGHT_SECRET" -binary | openssl base64 -A)

curl --silent --show-error --fail-with-body --globoff --request "$method" "$url" \
  --header "Content-Digest: $digest" \
  --header "Signature-Input: sig1=$params" \
  --header "Signature: sig1=:$signature:" \
  --header 'Content-Type: application/json' \
  --data-raw "$body"
SAMPLE
