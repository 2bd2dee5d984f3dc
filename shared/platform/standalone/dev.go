package standalone

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/platform/standalone/devissuer"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// issuerPath is where the development issuer is found.
const issuerPath = "/dev/issuer"

// tokenLife is how long a development token is good for.
const tokenLife = 12 * time.Hour

// dev is what only a process on somebody's own machine has: an issuer that gives a token to whoever asks, and the secrets of the
// senders, so that samples can be signed. It exists where no issuer of one's own is set, and answers the loopback alone.
type dev struct {
	issuer *devissuer.Issuer
	env    *env
}

// develop makes the development issuer and puts its settings behind those that were told.
func (p *Process) develop() (*dev, error) {
	told := p.options.Lookup
	if own, _ := told("OIDC_ISSUER"); own != "" {
		return nil, nil
	}
	issuer, err := devissuer.Open(p.options.Dir, "http://"+p.address+issuerPath)
	if err != nil {
		return nil, err
	}
	p.options.Lookup = config.Lookup(func(name string) (string, bool) {
		switch name {
		case "OIDC_ISSUER":
			return issuer.Name(), true
		case "OIDC_AUDIENCE":
			return devissuer.Audience, true
		}
		return told(name)
	})
	return &dev{issuer: issuer}, nil
}

// mount adds the routes of d.
func (d *dev) mount(mux *http.ServeMux) {
	mux.Handle("GET "+issuerPath+"/", d.issuer.Handler())
	mux.Handle("POST /dev/token", local(web.Handle(d.token)))
	mux.Handle("POST /dev/secret", local(web.Handle(d.secret)))
}

// local lets nobody in but this machine, by its own name: not the network, and not a page that a browser here has open.
func local(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		named := host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host == "::1"
		if err != nil || !from.Addr().Unmap().IsLoopback() || !named || r.Header.Get("Origin") != "" {
			nothing.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (d *dev) find(ctx context.Context, slug string) (found company.Company, err error) {
	err = d.env.ledger.Do(ctx, port.Operator("dev"), func(tx port.Tx) error {
		found, err = tx.Companies().Find(ctx, slug)
		return err
	})
	return found, err
}

func (d *dev) token(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		Role    string `json:"role"`
		Company string `json:"company"`
	}
	err := read(w, r, &ask)
	if err != nil {
		return err
	}
	role := identity.Role(ask.Role)
	if err := checkRole(role, ask.Company); err != nil {
		return err
	}
	companyID := ""
	if ask.Company != "" {
		found, err := d.find(r.Context(), ask.Company)
		if err != nil {
			return err
		}
		companyID = found.ID
	}
	token, err := d.issuer.Mint("dev-"+ask.Role, role, companyID, nil, tokenLife)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, map[string]string{"token": token})
}

func checkRole(role identity.Role, slug string) error {
	var c fault.Checks
	known := false
	for _, r := range identity.Roles {
		known = known || r == role
	}
	c.That(known, "role", "one of system_admin, programme_staff, safeguarding, company_admin, company_user, participant, volunteer, api_client")
	c.That(!known || role.OfOperator() == (slug == ""), "company", "a company's slug for the roles of a company, nothing for the operator's")
	return c.Err("no token can be made")
}

func (d *dev) secret(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		Company string `json:"company"`
		Sender  string `json:"sender"`
	}
	err := read(w, r, &ask)
	if err != nil {
		return err
	}
	ctx := r.Context()
	sender, err := d.env.ledger.Sender(ctx, ask.Company, ask.Sender)
	if err != nil {
		return err
	}
	keys, err := d.env.keys()
	if err != nil {
		return err
	}
	secret, err := keys.Open(ctx, sender.SecretNow, company.SecretData(sender.Company, sender.Name))
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, map[string]string{"secret": string(secret)})
}

func read[T any](w http.ResponseWriter, r *http.Request, into *T) error {
	raw, err := web.Body(w, r, 4<<10)
	if err != nil {
		return err
	}
	*into, err = web.Decode[T](raw)
	return err
}
