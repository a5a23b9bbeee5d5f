// Generates src/gen from proto/: the TypeScript of buf.gen.yaml, and the descriptor set that gRPC reflection serves.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutGrpcClients } from './without-grpc-clients.js';

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = join(projectRoot, 'src', 'gen');

function buf(...args) {
  return execFileSync('buf', args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 << 20 });
}

mkdirSync(generated, { recursive: true });
buf('generate');
for (const name of readdirSync(generated, { recursive: true })) {
  const path = join(generated, name);
  if (name.endsWith('.ts')) writeFileSync(path, withoutGrpcClients(readFileSync(path, 'utf8')));
}
const descriptorSet = buf('build', '--as-file-descriptor-set', '--output', '-#format=binpb');
writeFileSync(
  join(generated, 'descriptor-set.ts'),
  `/** FileDescriptorSet of every Aurae proto, base64. */\nexport const descriptorSetBase64 =\n  '${descriptorSet.toString('base64')}';\n`,
);
