import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{templates-src,scripts,lambda,container,ecs-deploy}/**/*.test.ts'],
  },
});
