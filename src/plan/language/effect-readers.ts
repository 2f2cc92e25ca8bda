/** What a reader of one kind of effect is: from the fields of a rule to the effect's own values. */
import type { EffectOf, Kind } from "./effects.ts"
import type { Fields } from "./fields.ts"
import type { Names } from "./names.ts"

/** An effect's own fields, without those every effect has. */
export type Own<K extends Kind> = Omit<EffectOf<K>, "kind" | "on" | "codes">
export type Readers<K extends Kind> = { readonly [Each in K]: (fields: Fields, names: Names) => Own<Each> }
