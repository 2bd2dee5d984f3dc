package standalone

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheRootSaysWhereThingsAreAndIsNoOtherRoute(t *testing.T) {
	t.Parallel()
	p := &Process{options: Options{Welcome: "see out/"}}
	mux := p.routes(nil)
	mux.HandleFunc("GET /{$}", p.welcome)
	for ask, want := range map[string]int{"GET /": 200, "HEAD /": 404, "POST /": 404, "GET /v1": 404, "GET //": 404, "GET /?x=1": 200} {
		method, path, _ := strings.Cut(ask, " ")
		w := httptest.NewRecorder()
		exact(mux).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
		if w.Code != want || want == 200 && w.Body.String() != "see out/" {
			t.Errorf("%s: status %d, expected %d: %s", ask, w.Code, want, w.Body)
		}
	}
}
