const clientInterface = /^export interface \w+Client extends Client \{\n[^]*?^\}\n/gm;
const clientConstructor = /^export const \w+Client = makeGenericClientConstructor\([^]*?^\};\n/gm;
const libraryImport = /^import \{([^}]*)\} from "@grpc\/grpc-js";\n/m;

/**
 * Takes the grpc-js clients out of a generated file, which nothing here uses (the `…ClientImpl` over `GrpcRpc` serve),
 * and so the need to load grpc-js, which a program without gRPC can do without.
 */
export function withoutGrpcClients(code) {
  const rest = code.replace(clientInterface, '').replace(clientConstructor, '');
  const [statement, list] = libraryImport.exec(rest) ?? [];
  if (statement === undefined) return rest;
  const names = list.split(',').map((name) => name.trim().replace(/^type /, ''));
  const body = rest.replace(statement, '');
  const used = names.filter((name) => name !== '' && new RegExp(`\\b${name}\\b`).test(body));
  if (used.includes('makeGenericClientConstructor')) {
    throw new Error('ts-proto writes its grpc-js clients in another form now: adapt scripts/without-grpc-clients.js');
  }
  // With a function in place of a string, "$" means nothing.
  return rest.replace(statement, () => `import type { ${used.join(', ')} } from "@grpc/grpc-js";\n`);
}
