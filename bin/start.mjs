// Plain JavaScript that any Node can read: an older one fails on a .ts file before it could say why.
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    [
      `This needs Node 24; you are running ${process.version}.`,
      'Run "npm ci" once: it installs Node 24 for this project alone. Then use npm: "npm start", "npm run playground".',
    ].join('\n'),
  );
  process.exit(1);
}
await import('../src/main.ts');
