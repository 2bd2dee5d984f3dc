package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// accepted is the status of a delivery whose work was done.
const accepted = "accepted"

// Park keeps what could not be worked; parking it again counts the attempt and makes it wait again.
func (l *Ledger) Park(ctx context.Context, parked company.Parked) error {
	_, err := l.run(ctx, port.In(parked.Company, parked.By), "", func(t port.Tx) error {
		known, found := l.parked[parked.ID]
		if found && known.Company != parked.Company {
			return fault.New(fault.Conflict, "this id is parked for another company")
		}
		parked.Status, parked.Attempts, parked.At = company.StatusParked, known.Attempts+1, t.Now()
		put(t.(*tx), l.parked, parked.ID, parked)
		return nil
	})
	return err
}

type deliveries struct{ *tx }

func (d deliveries) List(_ context.Context, status, after string, limit int) ([]company.Delivered, error) {
	var all []company.Delivered
	taken := map[string]bool{}
	for key, row := range d.ledger.inbox {
		if row.delivery != nil && d.sees(row.company) {
			if d.ledger.parked[key.cause].Status != company.StatusReplayed { // else staff replayed it, and that line is shown
				all = append(all, delivered(key, row))
			}
			taken[key.cause] = true
		}
	}
	for _, p := range d.ledger.parked {
		if d.sees(p.Company) && (p.Status == company.StatusReplayed || !taken[p.ID]) {
			all = append(all, company.Delivered{
				ID: p.ID, Company: p.Company, By: p.By, Kind: p.Kind, Type: p.Type,
				CauseID: p.CauseID, Status: p.Status, Reason: p.Reason, Size: len(p.Body), At: p.At,
			})
		}
	}
	slices.SortFunc(all, func(a, b company.Delivered) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	if after != "" {
		at := slices.IndexFunc(all, func(one company.Delivered) bool { return one.ID == after })
		if at < 0 {
			return nil, fault.Fields("the list cannot be continued", fault.Field{Name: "after", Expected: "the id of a delivery"})
		}
		all = all[at+1:]
	}
	all = slices.DeleteFunc(all, func(one company.Delivered) bool { return status != "" && one.Status != status })
	return all[:min(limit, len(all))], nil
}

func (d deliveries) Accepted(_ context.Context, id string) (company.Delivered, error) {
	for key, row := range d.ledger.inbox {
		if key.cause == id && row.delivery != nil && d.sees(row.company) {
			return delivered(key, row), nil
		}
	}
	return company.Delivered{}, fault.New(fault.Missing, "no delivery of this id was accepted")
}

func delivered(key inboxKey, row inboxRow) company.Delivered {
	return company.Delivered{
		ID: key.cause, Company: row.company, By: key.by, Kind: company.KindDelivery, Type: row.delivery.Type,
		CauseID: row.delivery.ID, Status: accepted, Size: row.delivery.Size, At: row.at,
	}
}

func (d deliveries) Parked(_ context.Context, id string) (company.Parked, error) {
	parked, found := d.ledger.parked[id]
	if !found || !d.sees(parked.Company) {
		return company.Parked{}, fault.New(fault.Missing, "no such delivery")
	}
	return parked, nil
}

func (d deliveries) Replayed(id string) {
	parked, found := d.ledger.parked[id]
	if found && d.sees(parked.Company) {
		parked.Status = company.StatusReplayed
		put(d.tx, d.ledger.parked, id, parked)
	}
}
