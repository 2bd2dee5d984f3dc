package companies

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// secretBytes is how much randomness a secret holds.
const secretBytes = 32

// given is a sender's new secret, shown this once.
type given struct {
	Company  string   `json:"company"`
	Sender   string   `json:"sender"`
	Secret   string   `json:"secret"` // the key of the sender's signatures, byte for byte as written here
	Rotation rotation `json:"rotation"`
	Webhooks []string `json:"webhooks"` // paths to send to, below the address of this platform
}

// rotation says what became of the secret before this one.
type rotation struct {
	PreviousAccepted bool `json:"previousAccepted"` // until the next rotation
}

// putSender makes a secret for a sender of a company. The one before it stays valid beside it, the one before that ends.
func (h *Handler) putSender(w http.ResponseWriter, r *http.Request) error {
	ctx, id, name := r.Context(), r.PathValue("companyId"), r.PathValue("sender")
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	paths := webhooks(name)
	if paths == nil {
		return fault.Fields("no such sender", fault.Field{Name: "sender", Expected: "one of " + strings.Join(senders(), ", ")})
	}
	if !identity.IsID(id) {
		return fault.New(fault.Missing, "no such company")
	}
	caller := access.From(ctx)
	var tenant company.Company
	err = h.ledger.Do(ctx, port.In(id, caller.Subject), func(tx port.Tx) error {
		tenant, err = tx.Companies().Find(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	secret := random()
	next, err := h.rotated(ctx, tenant, name, secret)
	if err != nil {
		return err
	}
	err = h.ledger.Do(ctx, port.In(tenant.ID, caller.Subject), func(tx port.Tx) error {
		tx.Companies().PutSender(next)
		tx.Audit(company.Entry{
			Actor: caller.Subject, Role: string(caller.Role), Action: "ADMIN", ResourceType: "sender", ResourceID: tenant.ID + "/" + name,
			After: map[string]any{"rotated": next.SecretNext != nil},
		})
		return nil
	})
	if err != nil {
		return err
	}
	answer := given{Company: tenant.ID, Sender: name, Secret: secret, Rotation: rotation{next.SecretNext != nil}}
	for _, path := range paths {
		answer.Webhooks = append(answer.Webhooks, path+"?company="+url.QueryEscape(tenant.Slug))
	}
	return web.JSON(w, http.StatusOK, answer)
}

// rotated is the sender with secret as its newest: its only one where the company had no such sender.
func (h *Handler) rotated(ctx context.Context, tenant company.Company, name, secret string) (company.Sender, error) {
	sealed, err := h.keys.Seal(ctx, []byte(secret), company.SecretData(tenant.ID, name))
	if err != nil {
		return company.Sender{}, fmt.Errorf("seal secret of sender %s: %w", name, err)
	}
	next := company.Sender{Company: tenant.ID, Slug: tenant.Slug, Name: name, SecretNow: sealed}
	known, err := h.ledger.Sender(ctx, tenant.Slug, name)
	switch {
	case fault.KindOf(err) == fault.Missing:
		return next, nil
	case err != nil:
		return company.Sender{}, err
	}
	next.SecretNow, next.SecretNext = known.SecretNow, sealed
	if known.SecretNext != nil {
		next.SecretNow = known.SecretNext
	}
	return next, nil
}

// random is a secret of secretBytes in base64url, which headers, shells and settings take as it is.
func random() string {
	raw := make([]byte, secretBytes)
	rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

// webhooks are the paths that sender posts to, as the table of routes has them; nil for a sender we do not know.
func webhooks(sender string) []string {
	var paths []string
	for route := range access.Table {
		path, posts := strings.CutPrefix(route, "POST ")
		if posts && sender != "" && strings.HasPrefix(path, "/v1/"+sender+"/webhooks/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// senders are the names of all that have webhooks.
func senders() []string {
	var names []string
	for route := range access.Table {
		before, _, found := strings.Cut(route, "/webhooks/")
		if found {
			names = append(names, before[strings.LastIndex(before, "/")+1:])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
