/**
 * Named points at which a crash must do no harm. In a running provider they do nothing; tests kill the process at each of them and look
 * whether the invariants hold after the next start.
 */
export const CHECKPOINTS = [
  'accept-before-commit',
  'accept-after-commit',
  'refuse-before-commit',
  'refuse-after-commit',
  'deliver-before-commit',
  'deliver-after-commit',
  'receive-before-commit',
  'receive-after-commit',
  'relay-before-commit',
  'relay-after-commit',
  'take-before-commit',
  'take-after-commit',
] as const

export type CheckpointName = (typeof CHECKPOINTS)[number]

/** Told that a point is reached. */
export type Checkpoint = (name: CheckpointName) => void

/** What a running provider does at a checkpoint. */
export const passCheckpoint: Checkpoint = () => undefined
