/** The typed DSL. Whatever is outside of this folder imports it from here. */

export * from './compile';
export * from './document';
export * from './intrinsics';
export * from './limits';
export * from './policies';
export * from './problems';
export * from './render';
export * from './resources';
export * from './stack-policy';
export * from './substitution';
export * from './suppressions';
export * from './template';
export * from './yaml';
