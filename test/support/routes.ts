/** The routes an OpenAPI document names, with their parameters filled in: gates run over these, so none is forgotten. */
export function routesOf(
  api: { openapi(): object },
  ids: { integration: string; replr: string } = { integration: 'int_0123456789ab', replr: 'rp_abcd1234' },
): { method: string; path: string }[] {
  const { paths } = api.openapi() as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace('{id}', path.startsWith('/v1/replrs') ? ids.replr : ids.integration),
    })),
  );
}
