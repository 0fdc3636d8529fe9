// Held by the compiler alone: no field of the generated types is `any`, and none is `unknown`, but where the document
// says that anything may stand there.

import type { components, webhooks } from "./api.js";

type IsUntyped<T> = unknown extends T ? true : false;

/** The paths of what has no type in `T`. Free objects (with any keys) are what they say. */
type Untyped<T, Path extends string = ""> = IsUntyped<T> extends true
  ? Path
  : T extends readonly (infer Item)[]
    ? Untyped<Item, `${Path}/[]`>
    : T extends object
      ? string extends keyof T
        ? never
        : { [Key in keyof T & string]-?: Untyped<T[Key], `${Path}/${Key}`> }[keyof T & string]
      : never;

type Exactly<A, B> = [A] extends [B] ? ([B] extends [A] ? true : [A, B]) : [A, B];

// A vendor's own word for a result may be any JSON.
type Free = "/ResultValue/source_value";
type InNothingElse = Exclude<Untyped<components["schemas"]>, `${string}/source_value`>;

export const schemas: Exactly<InNothingElse, never> = true;
export const free: Exactly<Extract<Untyped<Pick<components["schemas"], "ResultValue">>, string>, Free> = true;
export const events: Exactly<Untyped<webhooks["record.new"]["post"]["requestBody"]>, never> = true;

// The check can fail.
export const found: Exactly<Untyped<{ a: { b: any }[]; c: unknown; d: { [key: string]: unknown }; e: 1 }>, "/a/[]/b" | "/c"> = true;
