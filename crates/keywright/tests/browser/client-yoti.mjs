// Yoti's own SDK signs calls; what it would send is printed as /verify takes it.
import { readFileSync } from "node:fs";
import yoti from "yoti";

const { RequestBuilder, Payload } = yoti;
const { base, pem, sdk_id: id } = JSON.parse(process.env.CLIENT);
const text = readFileSync(pem, "utf8");

const builders = [
  new RequestBuilder().withBaseUrl(base).withPemString(text).withEndpoint("/sessions").withQueryParam("sdkId", id).withGet(),
  new RequestBuilder().withBaseUrl(base).withPemFilePath(pem).withEndpoint(`/qrcodes/apps/${id}`).withPost().withPayload(new Payload({ policy: "é" })),
  new RequestBuilder().withBaseUrl(base).withPemString(text).withEndpoint("/sessions").withHeader("X-Yoti-Auth-Id", id).withMethod("DELETE"),
  new RequestBuilder().withBaseUrl(base).withPemString(text).withEndpoint("/aml-check").withQueryParam("appId", id).withQueryParam("a b", "c/d").withPost().withPayload(new Payload({})),
];
const asked = builders.map((builder) => {
  const request = builder.build();
  const payload = request.getPayload();
  const body = payload ? { body_base64: payload.getBase64Payload() } : { body: "none" };
  return { method: request.getMethod(), url: request.getUrl(), headers: Object.entries(request.getHeaders()), ...body };
});
console.log(JSON.stringify(asked));
