curl -sS -X POST 'https://api.example.com/v1/payouts?page=2' \
  -H 'Content-Type: application/json' \
  -H 'Content-Digest: sha-256=:ugBFWDxudlpbptUpqWPi/aQfiUp5J39flLUfgYSjk2o=:' \
  -H 'Signature-Input: sig=("@method" "@authority" "@path" "@query" "content-digest");created=1763700000;nonce="n1";keyid="k1"' \
  -H $'Signature: sig=:AAAA:' \
  --data-raw '{"amount": 5}'
