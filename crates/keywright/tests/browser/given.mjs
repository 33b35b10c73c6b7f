// What a story is given, and how it talks.
// The test that starts it says in STORY (JSON) where the server is and what it made: see it/browser/mod.rs.

export const given = JSON.parse(process.env.STORY ?? '{}');

// What looks like a secret does not get into what a failing story says.
const hidden = (text) => text.replace(/\b[a-z0-9]{2,8}(_[a-z]{2,4})?_(live|test|rs|mgmt|at)_[0-9A-Za-z]{8,}/g, '[a secret]').replace(/token=[^\s&"]+/g, 'token=[a secret]');

const started = Date.now();

/** Seconds since the story began. */
export const elapsed_s = () => (Date.now() - started) / 1000;

export function say(text) {
  console.log(`${elapsed_s().toFixed(1).padStart(5)} s  ${hidden(text)}`);
}

export function check(truth, what) {
  if (!truth) {
    throw new Error(what);
  }
}

export function same(is, wanted, what = 'value') {
  const [left, right] = [is, wanted].map((value) => JSON.stringify(value));
  check(left === right, `${what}: ${left}, expected ${right}`);
}
