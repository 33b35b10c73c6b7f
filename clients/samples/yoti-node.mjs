// Signs a request in Yoti's form and sends it: npm install yoti. The key: private-key.pem, readable by you only.
import yoti from 'yoti';

const { Payload, RequestBuilder } = yoti;

const request = new RequestBuilder()
  .withBaseUrl('{{url}}') // with the API's base path, which is not part of what is signed
  .withEndpoint('/orders')
  .withPemFilePath(process.env.KEYWRIGHT_PRIVATE_KEY_FILE ?? 'private-key.pem')
  .withHeader('X-Yoti-Auth-Id', '{{keyid}}') // the SDK id
  .withQueryParam('currency', 'EUR') // nonce and timestamp are added
  .withPayload(new Payload({ amount: '10.00' }))
  .withMethod('POST') // a GET is sent without its payload: leave that line out
  .build();

const answer = await request.execute();
console.log(answer.getStatusCode(), answer.getBody());
