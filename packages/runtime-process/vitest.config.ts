import { defineProject, mergeConfig } from 'vitest/config';
import { sharedConfig } from '../../vitest.shared.js';

export default mergeConfig(defineProject(sharedConfig), defineProject({ test: { name: 'runtime-process' } }));
