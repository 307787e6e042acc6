export class ChangeEvent extends Event {
  /**
   * @param {import("../postern.js").User | null} user
   * @param {import("../postern.js").Reason} reason
   */
  constructor(user, reason) {
    super("change");
    this.user = user;
    this.reason = reason;
  }
}
