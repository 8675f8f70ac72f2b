/** A request's place in the order: the lowest goes first. */
export interface Place {
  /** The reading of the shared clock at which the request would end. */
  readonly ends: number;
}

/**
 * The order in which requests would end if the engine were shared equally among all of them at every moment. Run in that
 * order, none ends later than under equal shares: small ones do not wait for large ones, equal ones do not hold each other
 * up, and none starves.
 * Source: the fair sojourn protocol, Friedman and Henderson, "Fairness and efficiency in web server protocols", SIGMETRICS 2003.
 */
export class FairOrder {
  /** Those that would still be running under equal shares, whether they have ended or not. */
  private readonly sharing = new Set<Place>();
  /** Service that a request has had under equal shares if it was here all the time. */
  private clock = 0;

  /** @param work of all its steps, in tokens */
  enter(work: number): Place {
    const place = { ends: this.clock + work };
    this.sharing.add(place);
    return place;
  }

  /** A request has left before its end. */
  leave(place: Place): void {
    this.sharing.delete(place);
  }

  /** Work was done, in tokens. Under equal shares each would have had its part of it. */
  serve(work: number): void {
    let left = work;
    for (const place of [...this.sharing].sort((a, b) => a.ends - b.ends)) {
      const untilEnd = (place.ends - this.clock) * this.sharing.size;
      if (untilEnd > left) {
        this.clock += left / this.sharing.size;
        return;
      }
      left -= untilEnd;
      this.clock = place.ends;
      this.sharing.delete(place);
    }
  }
}
