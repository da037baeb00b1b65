import { z } from 'zod';
import { adminRoute } from '#gateway/admin/route.js';

export const openapiRoute = adminRoute({
  method: 'GET',
  path: '/api/openapi.json',
  role: 'viewer',
  summary: 'This API as an OpenAPI 3.1 document',
  answer: z.record(z.string(), z.unknown()),
  async handle({ ports }) {
    const [{ openApi }, { ADMIN_ROUTES }] = await Promise.all([
      import('#gateway/admin/openapi.js'),
      import('#gateway/admin/routes.js'),
    ]);
    return openApi(ADMIN_ROUTES, ports.version);
  },
});
