/**
 * The layers of main/, preload/ and renderer/, as errors. Imports point one way:
 *
 *   shared <- backup <- agent <- platform <- desktop, cli
 *   shared <- hub <- desktop, cli
 *   shared <- preload, renderer
 *
 * test/unit/build/layers.test.ts proves with deliberate violations that each rule here fires.
 */
const layers = {
  shared: [],
  backup: ['shared'],
  agent: ['shared', 'backup'],
  platform: ['shared', 'backup', 'agent'],
  hub: ['shared'],
  desktop: ['shared', 'backup', 'agent', 'platform', 'hub'],
  cli: ['shared', 'backup', 'agent', 'platform', 'hub'],
};

const product = '^(main|preload|renderer)/';
const electron = '(^|/)node_modules/(@types/)?(electron|electron-[^/]+)/|^electron(/|$)';

const layerRules = Object.entries(layers).map(([layer, below]) => ({
  name: `layer-${layer}`,
  severity: 'error',
  comment: `main/${layer} may import ${[layer, ...below].map((name) => `main/${name}`).join(', ')} and nothing else of the product.`,
  from: { path: `^main/${layer}/` },
  to: { path: product, pathNot: `^main/(${[layer, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'layer-preload',
      severity: 'error',
      comment: 'The preload is the bridge and nothing else: it imports main/shared only.',
      from: { path: '^preload/' },
      to: { path: product, pathNot: '^(main/shared|preload)/' },
    },
    {
      name: 'layer-renderer',
      severity: 'error',
      comment: 'Pages import main/shared only; everything else reaches them through the bridge or the hub.',
      from: { path: '^renderer/' },
      to: { path: product, pathNot: '^(main/shared|renderer)/' },
    },
    {
      name: 'electron-in-desktop-only',
      severity: 'error',
      comment: 'Everything but main/desktop (and the preload) runs under plain Node; electron-store imports electron as well.',
      from: { path: product, pathNot: '^(main/desktop|preload)/' },
      to: { path: electron },
    },
    {
      name: 'shared-without-node',
      severity: 'error',
      comment: 'main/shared is loaded by pages and by the sandboxed preload, where there is no Node.',
      from: { path: '^(main/shared|preload|renderer)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'shared-with-zod-only',
      severity: 'error',
      comment: 'main/shared is pure TypeScript and zod, and croner (pure as well) for schedules.',
      from: { path: '^main/shared/' },
      to: { path: 'node_modules/', pathNot: '(^|/)node_modules/(zod|croner)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or need a third.',
      from: { path: product },
      to: { circular: true },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'What the product imports belongs in "dependencies". Exceptions: Electron is the runtime itself, and pages hold what they import in their bundles.',
      from: { path: product, pathNot: '^renderer/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: [electron, 'node_modules/@types/'] },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'A package that only another package brings along may be gone tomorrow: declare it in package.json.',
      from: { path: product },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-tests-in-product',
      severity: 'error',
      comment: 'The product imports neither tests nor build scripts.',
      from: { path: product },
      to: { path: '^(test|build|out)/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: { path: product },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^main/backup/wasm/assembly/' },
    tsPreCompilationDeps: true, // a type-only import is a dependency too
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.d.ts', '.js', '.mjs', '.cjs', '.json', '.css'],
    },
  },
};
