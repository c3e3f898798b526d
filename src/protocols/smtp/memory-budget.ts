/** How much memory the messages that are being received may hold together. */
export interface MemoryClaim {
  /** Takes so many bytes more; false if that would be over the budget. */
  add(bytes: number): boolean
  release(): void
}

export function createMemoryBudget(total: number): { claim(): MemoryClaim } {
  let used = 0
  return {
    claim() {
      let held = 0
      return {
        add(bytes) {
          if (used + bytes > total) return false
          used += bytes
          held += bytes
          return true
        },
        release() {
          used -= held
          held = 0
        },
      }
    },
  }
}
