/** The OpenAPI 3.1 description of the API, made from the table that the server and the dashboard are made from. */
import { z } from 'zod';
import { errorShape } from '../../shared/error-shape.js';
import { apiBase, apiPath, apiRoutes, csrfHeader, type ApiRoute } from '../../shared/protocol/api.js';

type Json = Record<string, unknown>;
const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

export function describeApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const name of Object.keys(apiRoutes) as ApiRoute[]) {
    const { http, path, summary, params, result } = apiRoutes[name];
    const inPath = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
    const url = apiPath(path).replace(/:(\w+)/g, '{$1}');
    const { properties, required, ...shape } = schemaOf(params, 'input');
    const fields = (typeof properties === 'object' && properties !== null ? properties : {}) as Json;
    const needed = Array.isArray(required) ? required.filter((field): field is string => typeof field === 'string' && !inPath.includes(field)) : [];
    const rest = Object.entries(fields).filter(([field]) => !inPath.includes(field));
    const body = rest.length > 0 ? { ...shape, properties: Object.fromEntries(rest), ...(needed.length > 0 ? { required: needed } : {}) } : 'anyOf' in shape ? shape : null;
    const parameters = [
      ...inPath.map((field) => ({ name: field, in: 'path', required: true, schema: fields[field] ?? {} })),
      ...(http === 'GET' ? rest.map(([field, schema]) => ({ name: field, in: 'query', required: needed.includes(field), schema })) : []),
    ];
    paths[url] = {
      ...paths[url],
      [http.toLowerCase()]: {
        operationId: name,
        summary,
        ...(name === 'login' ? { security: [] } : {}),
        ...(parameters.length > 0 ? { parameters } : {}),
        ...(http !== 'GET' && body !== null ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
        responses: {
          200: { description: 'Done', content: { 'application/json': { schema: schemaOf(result, 'output') } } },
          default: { description: 'A refusal in one sentence', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
        },
      },
    };
  }
  paths[`${apiBase}/openapi.json`] = { get: { operationId: 'openapi', summary: 'This description', security: [], responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } } } };
  return {
    openapi: '3.1.0',
    info: { title: 'Holdfast hub', version, description: `Viewers may use GET; changes are for admins. Browsers send the header ${csrfHeader} with every change.` },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Error: schemaOf(errorShape, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token from the Settings page' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-holdfast' },
      },
    },
  };
}
