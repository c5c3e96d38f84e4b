// An app in TypeScript: what it is allowed to write is decided by the types made of /openapi.json,
// what it gets by the gateway that runs. Prints what it saw, for the test to look at.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

declare const process: { env: Record<string, string> };

type Customer = components["schemas"]["Customer"];

const client = createClient<paths>({
  baseUrl: `http://${process.env.GUANXI_ADDRESS}`,
  headers: { Authorization: `Bearer ${process.env.GUANXI_API_KEY}` },
});

async function create(customerId: string, displayName: string): Promise<Customer> {
  const { data, error } = await client.POST("/v1/customers", {
    params: { query: { customerId }, header: { "Idempotency-Key": `ts-${customerId}` } },
    body: { displayName, kind: "PERSON", emails: [{ address: `${customerId}@example.org` }] },
  });
  if (error) throw new Error(error.error.message);
  return data;
}

async function everyone(): Promise<string[]> {
  const names: string[] = [];
  let pageToken = "";
  do {
    const { data, error } = await client.GET("/v1/customers", {
      params: { query: { pageSize: 2, pageToken, filter: 'display_name = "Typed *"' } },
    });
    if (error) throw new Error(error.error.message);
    names.push(...(data.customers ?? []).map((customer) => customer.name));
    pageToken = data.nextPageToken ?? "";
  } while (pageToken);
  return names;
}

const made: Customer[] = [];
for (const id of ["ts-1", "ts-2", "ts-3"]) made.push(await create(id, `Typed ${id}`));

const path = { customer: "ts-1" };
const got = await client.GET("/v1/customers/{customer}", { params: { path } });
const changed = await client.PATCH("/v1/customers/{customer}", {
  params: { path, header: { "If-Match": `"${got.data?.etag}"` } },
  body: { region: "DE" },
});
const missing = await client.GET("/v1/customers/{customer}", {
  params: { path: { customer: "nobody" } },
});
// What the types don't allow is refused by name: the compiler has to be silenced to send it.
const wrong = await client.POST("/v1/customers", {
  // @ts-expect-error: there are two kinds of customers, and no third
  body: { displayName: "Typed", kind: "ROBOT" },
});

console.log(
  JSON.stringify({
    made: made.map((customer) => customer.name),
    got: got.data,
    changed: changed.data,
    everyone: await everyone(),
    missing: missing.error,
    wrong: wrong.error?.error.details?.flatMap((detail) => detail.fieldViolations ?? []),
  }),
);
