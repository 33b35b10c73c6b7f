bash <<'SAMPLE'
# Fetches an access token (client_credentials, client_secret_basic) and calls the API with it. Needs bash and curl.
set -euo pipefail # in a shell of its own: when something fails, yours goes on
# Asks for the consumer secret, unless KEYWRIGHT_SECRET holds it.
[[ -n ${KEYWRIGHT_SECRET:-} ]] || { read -rsp 'Consumer secret: ' KEYWRIGHT_SECRET && echo; } 2>/dev/null </dev/tty >/dev/tty 2>&1 || true
: "${KEYWRIGHT_SECRET:?set it to the consumer secret}"

token_url='{{token_url}}'
client_id='{{keyid}}'
url='{{url}}'

# Secrets go to curl on its standard input: its arguments can be seen by whoever is signed in on this machine.
answer=$(printf 'user = "%s:%s"\n' "$client_id" "$KEYWRIGHT_SECRET" |
  curl --silent --show-error --fail-with-body --config - "$token_url" --data-urlencode 'grant_type=client_credentials') || {
  echo "no token: $answer" >&2
  exit 1
}
token=$(printf '%s' "$answer" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
[[ -n $token ]] || { echo 'the answer has no token' >&2; exit 1; }

# The token is good for "expires_in" seconds: keep it that long, do not fetch one for each call.
printf 'header = "Authorization: Bearer %s"\n' "$token" | curl --silent --show-error --fail-with-body --globoff --config - "$url"
SAMPLE
