// Verifies access tokens as another service does, with a library that Taxiway has no part in. Reads a JSON array of
// {token, keys, issuer, audience} from standard input and writes one of {subject} or {error}.
import { createLocalJWKSet, jwtVerify } from "jose";

let input = "";
for await (const chunk of process.stdin) input += chunk;

const answers = [];
for (const { token, keys, issuer, audience } of JSON.parse(input)) {
  try {
    const options = { issuer, audience, algorithms: ["EdDSA"], typ: "at+jwt" };
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), options);
    answers.push({ subject: payload.sub });
  } catch (error) {
    answers.push({ error: error.code ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
