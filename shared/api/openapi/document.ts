import type { DescService, Registry } from "@bufbuild/protobuf";
import { limits } from "../../core/limits.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { HttpBinding } from "../rest/http-binding.ts";
import { routerOf } from "../rest/router.ts";
import { json, operationOf } from "./operation.ts";
import { Schemas, type Descriptions, type Schema } from "./schema.ts";

/** What a document is about. */
export interface Described {
  readonly title: string;
  readonly description: string;
  readonly services: readonly DescService[];
  /** Every message that an operation can carry. */
  readonly registry: Registry;
  readonly descriptions: Descriptions;
  /** Where the API is reached; empty where that is not known. */
  readonly url: string;
}

/** Describes every HTTP route of services: OpenAPI 3.1, from the descriptors and their options. */
export function openApiDocument(described: Described): Schema {
  const { title, description, services, descriptions, url } = described;
  const schemas = new Schemas(descriptions);
  const paths = pathsOf(described, schemas);
  const status = schemas.message(StatusSchema);
  return {
    openapi: "3.1.0",
    info: { title, description, version: "1" },
    ...(url === "" ? {} : { servers: [{ url }] }),
    security: [{ bearer: [] }],
    tags: tagsOf(services, schemas),
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      responses: {
        Failure: {
          description: "What went wrong, under the HTTP status of its code",
          ...json(status),
        },
      },
      schemas: schemas.all,
    },
  };
}

const IDEMPOTENCY_KEY: Schema = {
  name: "Idempotency-Key",
  in: "header",
  description: "A repeat of the request under the same key answers with what the first one led to.",
  schema: { type: "string", minLength: 1, maxLength: limits.idempotencyKeyChars },
};

/** Services of two versions may share a name, and then a tag. */
function tagsOf(services: readonly DescService[], schemas: Schemas): readonly Schema[] {
  const tags = new Map<string, Schema>();
  for (const { name, typeName } of services) {
    tags.set(name, { ...tags.get(name), name, ...schemas.describe(typeName) });
  }
  return [...tags.values()];
}

function pathsOf({ services, registry }: Described, schemas: Schemas): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  const ids = new Set<string>();
  for (const binding of routerOf(services).bindings) {
    const path = binding.template.text.replaceAll(/\{([^}=]+)=[^}]*\}/g, "{$1}");
    const id = freeId(binding, ids);
    const operation = operationOf(binding, { schemas, registry, id });
    paths[path] = { ...paths[path], [binding.httpMethod.toLowerCase()]: operation };
  }
  return paths;
}

/** `v2_ProjectService_Open`; a second route of a method is `v2_ProjectService_Open_2`. */
function freeId({ method }: HttpBinding, taken: Set<string>): string {
  const family = method.parent.file.proto.package.replace(
    /^(yandex\.cloud(\.datasphere)?|orrery)\./,
    "",
  );
  const plain = `${family.replaceAll(".", "_")}_${method.parent.name}_${method.name}`;
  let id = plain;
  for (let count = 2; taken.has(id); count += 1) id = `${plain}_${count}`;
  taken.add(id);
  return id;
}
