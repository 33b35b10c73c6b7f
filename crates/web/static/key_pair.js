// Makes key pairs in the browser. The private key goes into a file of the person's, and nowhere else.
(() => {
  "use strict";
  const source = document.querySelector("[data-key-source]");
  if (!source) return;
  const form = source.closest("form");
  const field = (name) => form.elements.namedItem(name);

  // Keys that are not RSA have one form only (PKCS#8); whoever goes back to RSA finds what they had chosen.
  let chosen = field("pem").value;
  const offer = () => {
    const rsa = field("key_type").value.startsWith("rsa-");
    for (const option of field("pem").options) option.disabled = !rsa && option.value === "pkcs1";
    field("pem").value = rsa ? chosen : "pkcs8";
  };
  field("pem").addEventListener("change", () => { chosen = field("pem").value; });
  field("key_type").addEventListener("change", offer);
  offer();

  if (!globalThis.crypto?.subtle) return;
  const from = (value) => source.querySelector(`[name=key_from][value=${value}]`);
  const SIGN = { rsa: { name: "RSASSA-PKCS1-v1_5" }, "p-256": { name: "ECDSA", hash: "SHA-256" }, "p-384": { name: "ECDSA", hash: "SHA-384" }, ed25519: { name: "Ed25519" } };

  const parameters = (type) => {
    if (type.startsWith("rsa-")) {
      return { name: "RSASSA-PKCS1-v1_5", modulusLength: Number(type.slice(4)), publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
    }
    return type === "ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: type.toUpperCase() };
  };
  const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const pem = (label, bytes) => `-----BEGIN ${label}-----\n${base64(bytes).match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;

  // The contents of the DER element that starts here, and what comes after it (X.690 section 8.1).
  const element = (bytes) => {
    let length = bytes[1];
    let start = 2;
    if (length > 127) {
      const digits = length - 128;
      length = bytes.slice(2, 2 + digits).reduce((all, digit) => all * 256 + digit, 0);
      start += digits;
    }
    return [bytes.subarray(start, start + length), bytes.subarray(start + length)];
  };
  // PKCS#8 is a sequence of version, algorithm and the key itself, which for RSA is PKCS#1 (RFC 5208 section 5).
  const inner = (pkcs8) => {
    const [sequence] = element(pkcs8);
    const [, afterVersion] = element(sequence);
    const [, afterAlgorithm] = element(afterVersion);
    return element(afterAlgorithm)[0];
  };

  // Service, name of the key, environment and version, as the server makes a file name of them.
  const fileName = () => {
    const name = field("name");
    if (!name) return source.dataset.file;
    const words = name.value.split(/[^A-Za-z0-9]+/).filter(Boolean).join("-").toLowerCase().slice(0, 60);
    const { service, afterName } = source.dataset;
    const stem = words.startsWith(service) ? words : [service, words].filter(Boolean).join("-");
    return stem + afterName;
  };
  const download = (text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-pem-file" }));
    link.download = fileName();
    link.click();
  };

  const make = async () => {
    const type = field("key_type").value;
    const pair = await crypto.subtle.generateKey(parameters(type), true, ["sign", "verify"]);
    const text = new TextEncoder().encode(source.dataset.text);
    field("proof").value = base64(await crypto.subtle.sign(SIGN[type.startsWith("rsa-") ? "rsa" : type], pair.privateKey, text));
    field("public_key").value = pem("PUBLIC KEY", await crypto.subtle.exportKey("spki", pair.publicKey));
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    const pkcs1 = type.startsWith("rsa-") && field("pem").value === "pkcs1";
    download(pkcs1 ? pem("RSA PRIVATE KEY", inner(pkcs8)) : pem("PRIVATE KEY", pkcs8));
    field("made_in").value = "browser";
    from("public_key").checked = true;
  };

  let busy = false;
  form.addEventListener("submit", async (event) => {
    if (!from("browser").checked) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    const error = source.querySelector("[data-key-error]");
    error.hidden = true;
    try {
      await make();
      // The file is on its way before the page goes.
      setTimeout(() => form.requestSubmit(), 100);
    } catch {
      error.querySelector("[data-word]").textContent = "This browser cannot make a key of this type. Choose another type, or another place to make the key pair.";
      error.hidden = false;
      error.scrollIntoView({ block: "center" });
    }
    busy = false;
  });
  // Who changes the key by hand did not have it made here.
  for (const name of ["public_key", "proof"]) field(name).addEventListener("input", () => { field("made_in").value = ""; });

  source.querySelector("[data-needs-script]").hidden = false;
  if ("fresh" in source.dataset) from("browser").checked = true;
})();
