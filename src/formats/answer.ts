/**
 * How every reader of foreign bytes answers: the value, or a refusal that says what is wrong, where, and what to do.
 * Inside a reader `refuse` leaves from any depth; at its door `answer` turns that back into a plain value.
 */
import { type Refusal, Refused } from "../base/refusal.ts"

export type Answer<T> = T | Refusal

/** Runs a reader and returns its refusal as a value. Anything else thrown is our own mistake and goes on upward. */
export function answer<T>(read: () => T): Answer<T> {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    throw error
  }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "code" in value && "remedy" in value && "at" in value
}

/** The value of an answer inside another reader: a refusal goes on upward. */
export function orRefuse<T>(value: Answer<T>): T {
  if (isRefusal(value)) throw new Refused(value)
  return value as T
}
