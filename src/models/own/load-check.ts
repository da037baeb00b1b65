/** Whether a model is to be believed: found out once, when it has been loaded. */
export class LoadCheck {
  private checking: Promise<string | undefined> | undefined;

  /** @param check why it is not to be believed; rejects where the model cannot be had, and is then asked again. */
  constructor(private readonly check: () => Promise<string | undefined>) {}

  /** Why the model is not to be believed; `undefined` where it is. */
  trouble(): Promise<string | undefined> {
    this.checking ??= this.check().catch((error: unknown) => {
      this.checking = undefined;
      throw error;
    });
    return this.checking;
  }
}
