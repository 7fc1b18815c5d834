// The linter's rules; kept beside the packages they need, so that a learner's install stays small.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'dist-*/**', '**/node_modules/**', 'notebooks/**'] },
  js.configs.recommended,
  {
    files: ['lib', 'lesson', 'tools', 'room', 'site', 'test'].map((folder) => `${folder}/**/*.ts`),
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['./test/tsconfig.json', './site/tsconfig.json'] } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'off',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    // What bundlers and notebooks bring without types.
    files: ['site/**/*.d.ts'],
    rules: { 'no-restricted-exports': 'off', '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    // expect.any(...) is of type any.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'setTimeout',
          'clearTimeout',
          'setImmediate',
          'Buffer',
          'performance',
          'AbortController',
          'fetch',
          'TextDecoder',
          'TextEncoder',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
