bash <<'SAMPLE'
# Signs a request with a private key (RFC 9421) and sends it. Needs bash, curl and OpenSSL 3. The key: private-key.pem, readable by you only.
set -euo pipefail # in a shell of its own: when something fails, yours goes on
key=${KEYWRIGHT_PRIVATE_KEY_FILE:-private-key.pem}

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

signed=$(mktemp) && trap 'rm -f "$signed"' EXIT # Ed25519 wants a file
printf '%s' "\"@method\": $method
\"@authority\": $authority
\"@path\": $path
\"@query\": $query
\"content-digest\": $digest
\"@signature-params\": $params" >"$signed"

# OpenSSL writes an ECDSA signature as two numbers in DER; what is sent are their bytes, each filled up to the curve's size.
ecdsa() { for number in $(openssl dgst "-$1" -sign "$key" "$signed" | openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p'); do
  printf '%*s' "$2" "$number" | tr ' ' 0 | sed 's/../\\x&/g' | { IFS= read -r escaped || true; printf '%b' "$escaped"; }
done; }
case $(openssl pkey -in "$key" -noout -text | tr '\n' ' ') in
  ED25519*) sign() { openssl pkeyutl -sign -rawin -inkey "$key" -in "$signed"; } ;;
  *prime256v1*) sign() { ecdsa sha256 64; } ;;
  *secp384r1*) sign() { ecdsa sha384 96; } ;;
  *) sign() { openssl dgst -sha256 -sign "$key" "$signed"; } ;; # RSA: rsa-v1_5-sha256
esac
signature=$(sign | openssl base64 -A)

curl --silent --show-error --fail-with-body --globoff --request "$method" "$url" \
  --header "Content-Digest: $digest" \
  --header "Signature-Input: sig1=$params" \
  --header "Signature: sig1=:$signature:" \
  --header 'Content-Type: application/json' \
  --data-raw "$body"
SAMPLE
