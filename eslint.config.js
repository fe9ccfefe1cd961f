import { defineConfig, globalIgnores } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const typed = (/** @type {string} */ project) => ({
  parserOptions: { project: [project], tsconfigRootDir: import.meta.dirname },
});

const rawIpc = {
  selector: 'MemberExpression[property.name=/^ipc(Main|Renderer)$/]',
  message: 'Talk through the typed IPC of main/desktop/ipc and preload, which validates every payload.',
};
const castThroughUnknown = {
  selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
  message: 'A cast through unknown hides what crosses a boundary: parse it with zod.',
};
const rawIpcImport = {
  name: 'electron',
  importNames: ['ipcMain', 'ipcRenderer'],
  message: 'Talk through the typed IPC of main/desktop/ipc and preload, which validates every payload.',
};

/** Rules that need types. They run wherever TypeScript is compiled. */
const typeAware = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

export default defineConfig(
  globalIgnores(['out/', 'dist/', '.cache/', 'test-results/', '**/fixtures/**', 'main/backup/wasm/assembly/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 500 }],
      'no-throw-literal': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: { '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }] },
  },
  {
    files: ['main/**/*.ts'],
    languageOptions: typed('./tsconfig.main.json'),
    rules: typeAware,
  },
  {
    files: ['preload/**/*.ts', 'renderer/**/*.ts', 'renderer/**/*.tsx'],
    languageOptions: typed('./tsconfig.web.json'),
    rules: typeAware,
  },
  {
    files: ['test/**/*.ts', 'test/**/*.tsx', '*.config.ts'],
    languageOptions: typed('./tsconfig.test.json'),
    rules: typeAware,
  },
  {
    files: ['main/**/*.ts', 'preload/**/*.ts', 'renderer/**/*.ts', 'renderer/**/*.tsx'],
    rules: { 'no-restricted-syntax': ['error', castThroughUnknown] },
  },
  {
    files: ['main/**/*.ts'],
    ignores: ['main/desktop/ipc.ts', 'main/desktop/ipc/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: [rawIpcImport] }],
      'no-restricted-syntax': ['error', castThroughUnknown, rawIpc],
    },
  },
  { files: ['renderer/**/*.ts', 'renderer/**/*.tsx'], extends: [reactHooks.configs.flat.recommended] },
  {
    files: ['*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
