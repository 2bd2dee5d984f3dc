// Agreement tests: template.yaml, all.go, the folders and the code say the same thing.
package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/functions"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/onlambda"
	"github.com/teei/csr-platform/shared/platform/template"
)

// kinds are the folders of functions/ that hold functions.
var kinds = []string{"webhooks", "consumers", "reports", "api", "jobs", "pages", "auth", "deploy"}

// nobodyHears are events that are told for what is still to come, each with the reason.
var nobodyHears = map[string]string{
	"q2q.drift.detected":        "an alarm for people: whoever notifies them will hear it",
	"kintell.session.scheduled": "a booking moves no figure; whoever advances journeys will hear it",
	"safety.flag.raised":        "the queue is read from the ledger; whoever shows texts asks whether they are showable",
	"safety.review.completed":   "the same",
	"notification.requested":    "consumers/sendnotification is still to come",
}

// besideTheBus are events that go straight to one queue, so that no rule brings them.
var besideTheBus = map[string]string{
	"ops.outbox.stalled": "consumers/relayoutbox",
}

func read(t *testing.T) template.Template {
	t.Helper()
	read, err := template.Read(csr.Template)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	slices.Sort(want)
	slices.Sort(got)
	diff := cmp.Diff(want, got)
	if diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestFoldersAreTheListIsTheTemplate(t *testing.T) {
	t.Parallel()
	var folders, listed, deployed []string
	for _, kind := range kinds {
		found, err := filepath.Glob(kind + "/*/lambda/main.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, main := range found {
			folders = append(folders, filepath.ToSlash(filepath.Dir(filepath.Dir(main))))
		}
	}
	everywhere, err := filepath.Glob("*/*/lambda/main.go")
	if err != nil || len(everywhere) != len(folders) {
		t.Errorf("%d lambda folders in all, %d below %v (%v)", len(everywhere), len(folders), kinds, err)
	}
	for _, function := range functions.All {
		listed = append(listed, function.Name)
	}
	for _, function := range read(t).Functions {
		deployed = append(deployed, function.Name)
		if function.CodeURI != "build/"+function.Name {
			t.Errorf("%s: CodeUri is %s, expected build/%s", function.ID, function.CodeURI, function.Name)
		}
		kind, name := path.Split(function.Name)
		if want := title(strings.TrimSuffix(kind, "/")) + title(name); function.ID != want {
			t.Errorf("%s: logical id is %s, expected %s", function.Name, function.ID, want)
		}
	}
	same(t, "all.go against the folders", folders, listed)
	same(t, "template.yaml against the folders", slices.Clone(folders), deployed)
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

func TestEveryRouteHasAPermissionAndEveryPermissionARoute(t *testing.T) {
	t.Parallel()
	var routes []string
	for _, function := range read(t).Functions {
		for _, route := range function.Routes {
			routes = append(routes, route.String())
			rule, known := access.Table[route.String()]
			if known && route.Public != (rule.Roles == nil) {
				t.Errorf("%s: public is %t in the template and %t in the permission table", route, route.Public, rule.Roles == nil)
			}
			if known && (rule.Of == access.Company) != strings.Contains(route.Path, "{companyId}") {
				t.Errorf("%s: a route is about a company if, and only if, its path names companyId", route)
			}
		}
	}
	same(t, "routes against the permission table", slices.Collect(maps.Keys(access.Table)), routes)
}

func TestConsumersHearWhatRulesBring(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	known := map[string]bool{}
	for _, body := range contract.Catalogue() {
		known[body.EventType()] = true
	}
	for _, function := range functions.All {
		opened, err := open(t, function, deployed, nil)
		if err != nil {
			t.Errorf("%s: open: %v", function.Name, err)
			continue
		}
		given, _ := deployed.Function(function.Name)
		var heard, brought []string
		for _, hears := range opened.Hears {
			heard = append(heard, hears.Type)
			if !known[hears.Type] {
				t.Errorf("%s hears %s, which is not in the contract", function.Name, hears.Type)
			}
			if besideTheBus[hears.Type] == function.Name {
				brought = append(brought, hears.Type)
			}
		}
		same(t, function.Name+": what rules bring against what it hears", heard, append(brought, deployed.Hears(given)...))
		if (len(given.Mappings) > 0) != (opened.Hears != nil) {
			t.Errorf("%s: a function has a queue if, and only if, it hears events", function.Name)
		}
		if (len(given.Routes) > 0) != (opened.Web != nil) {
			t.Errorf("%s: a function has routes if, and only if, it answers the web", function.Name)
		}
		if (len(given.Schedules) > 0) != (opened.Schedule != nil) {
			t.Errorf("%s: a function has a schedule if, and only if, the clock calls it", function.Name)
		}
	}
}

func TestPackageCommentSaysWhatIsHeardAndTold(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	heard := map[string]bool{}
	for _, rule := range deployed.Rules {
		for _, name := range rule.Types {
			heard[name] = true
		}
	}
	told := map[string]bool{}
	for _, function := range deployed.Functions {
		comment := packageComment(t, function.Name)
		for _, name := range events(comment["Tells"]) {
			told[name] = true
			if !heard[name] && besideTheBus[name] == "" && nobodyHears[name] == "" {
				t.Errorf("%s tells %s, which nobody hears: add a consumer that does (make new KIND=consumers HEARS=%s), or the reason to nobodyHears in this file", function.Name, name, name)
			}
			if heard[name] && nobodyHears[name] != "" {
				t.Errorf("%s is heard after all: take it off nobodyHears", name)
			}
		}
		hears := deployed.Hears(function)
		for name, consumer := range besideTheBus {
			if consumer == function.Name {
				hears = append(hears, name)
			}
		}
		same(t, function.Name+": Hears of the package comment against the rules", hears, events(comment["Hears"]))
		if len(function.Routes) > 0 && (comment["Asks"] == "" || comment["Answers"] == "") {
			t.Errorf("%s: the package comment of a web function says what it Asks and Answers", function.Name)
		}
	}
	for name := range heard {
		if !told[name] {
			t.Errorf("a rule takes %s, which no function tells", name)
		}
	}
}

// events finds event types in a line of a package comment.
func events(line string) []string {
	known := map[string]bool{}
	for _, body := range contract.Catalogue() {
		known[body.EventType()] = true
	}
	var found []string
	for _, word := range regexp.MustCompile(`[a-z0-9_]+(\.[a-z0-9_]+)+`).FindAllString(line, -1) {
		if known[word] && !slices.Contains(found, word) {
			found = append(found, word)
		}
	}
	return found
}

// packageComment is the specification of a function: Hears, Tells, Repeats, Fails, Asks, Answers, each up to the next.
func packageComment(t *testing.T, function string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(function)+"/function.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	label := ""
	for line := range strings.SplitSeq(file.Doc.Text(), "\n") {
		if match := regexp.MustCompile(`^\s*([A-Z][a-z]+): +(.*)`).FindStringSubmatch(line); match != nil {
			label, line = match[1], match[2]
		}
		if strings.TrimSpace(line) == "" {
			label = ""
		}
		if label != "" {
			said[label] += " " + line
		}
	}
	return said
}

func TestEveryQueueAnswersPerRecordAndKeepsDeadLetters(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	fed := map[string]bool{}
	for _, function := range deployed.Functions {
		for _, mapping := range function.Mappings {
			fed[mapping.Queue] = true
			queue, found := deployed.Queue(mapping.Queue)
			if !found {
				t.Errorf("%s: its queue %q is not in the template", function.Name, mapping.Queue)
				continue
			}
			name := path.Base(function.Name)
			if queue.ID != title(name)+"Queue" || queue.Name != name {
				t.Errorf("%s: queue %s (%s), expected %sQueue (%s)", function.Name, queue.ID, queue.Name, title(name), name)
			}
			if !mapping.ReportsItems {
				t.Errorf("%s: expected ReportBatchItemFailures", function.Name)
			}
			if _, known := deployed.Queue(queue.Dead); !known || queue.MaxReceiveCount < 5 {
				t.Errorf("%s: expected a dead-letter queue after at least 5 attempts", queue.ID)
			}
			if queue.Visibility < 6*function.Timeout {
				t.Errorf("%s: visibility %v, expected at least six timeouts of %v", queue.ID, queue.Visibility, function.Timeout)
			}
			if mapping.MaximumConcurrency < 2 && usesDatabase(function) {
				t.Errorf("%s: expected a MaximumConcurrency of at least 2, for Postgres has so many connections", function.Name)
			}
		}
	}
	for _, queue := range deployed.Queues {
		if queue.Dead != "" && !fed[queue.ID] {
			t.Errorf("%s feeds no function", queue.ID)
		}
	}
	policy := allowedQueues(deployed)
	for _, rule := range deployed.Rules {
		for _, target := range rule.Targets {
			queue, _ := deployed.Queue(target.Queue)
			if target.Dead == "" || target.Dead != queue.Dead {
				t.Errorf("%s: what cannot be sent goes to %q, expected the consumer's dead letters %q", rule.ID, target.Dead, queue.Dead)
			}
			for _, id := range []string{target.Queue, target.Dead} {
				if !policy[id] {
					t.Errorf("%s: QueuePolicy does not let rules send to %s", rule.ID, id)
				}
			}
		}
	}
	for _, schedule := range deployed.Schedules {
		if schedule.Dead == "" {
			t.Errorf("%s: expected a dead-letter queue", schedule.ID)
		}
		e, err := contract.Parse([]byte(schedule.Input))
		if err != nil {
			t.Errorf("%s: Input is not an event: %v", schedule.ID, err)
		}
		if queue, _ := deployed.Queue(schedule.Queue); besideTheBus[e.Type] != "consumers/"+queue.Name {
			t.Errorf("%s sends %s to the queue %s", schedule.ID, e.Type, queue.Name)
		}
	}
}

func usesDatabase(function template.Function) bool {
	return slices.ContainsFunc(function.Settings, func(s template.Setting) bool { return s.Name == "DATABASE_URL" })
}

func allowedQueues(deployed template.Template) map[string]bool {
	allowed := map[string]bool{}
	for _, resource := range deployed.Resources {
		if resource.Type != "AWS::SQS::QueuePolicy" {
			continue
		}
		for _, node := range resource.Properties.Content {
			for _, queue := range node.Content {
				if queue.Tag == "!Ref" {
					allowed[queue.Value] = true
				}
			}
		}
	}
	return allowed
}

func TestWhatTouchesTheDatabaseWaitsForMigrations(t *testing.T) {
	t.Parallel()
	for _, function := range read(t).Functions {
		if function.Name != "deploy/migrate" && usesDatabase(function) && !slices.Contains(function.DependsOn, "Migrations") {
			t.Errorf("%s: expected DependsOn: Migrations", function.ID)
		}
		if len(function.Routes) > 0 && function.Timeout > 29*time.Second {
			t.Errorf("%s: timeout %v, but an HTTP API gives up after 30 s", function.ID, function.Timeout)
		}
	}
}

func TestEveryAlarmHasARunbookAndAllDeadLettersAreWatched(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	var alarms, watched, dead []string
	for _, alarm := range deployed.Alarms {
		if len(alarm.Queues) > 10 {
			t.Errorf("%s watches %d queues, an alarm takes ten: split it below a composite alarm", alarm.ID, len(alarm.Queues))
		}
		alarms = append(alarms, alarm.Name+".md")
		watched = append(watched, alarm.Queues...)
	}
	for _, queue := range deployed.Queues {
		if queue.Dead != "" {
			dead = append(dead, queue.Dead)
		}
	}
	entries, err := os.ReadDir("../infra/runbooks")
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, entry := range entries {
		pages = append(pages, entry.Name())
	}
	same(t, "runbooks against alarms", alarms, pages)
	same(t, "dead-letter queues that an alarm watches", dead, watched)
}

// TestTheStackFitsIntoCloudFormation counts what SAM makes of the template: at most 500 resources are allowed in a stack.
func TestTheStackFitsIntoCloudFormation(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	count := len(deployed.Resources) + 2 // the API's stage and the authorizer's permission
	for _, function := range deployed.Functions {
		count += 1 + len(function.Routes) + len(function.Mappings) + 2*len(function.Schedules) // role; permission, mapping or schedule and role each
	}
	if count >= 500 {
		t.Errorf("%d resources, CloudFormation takes 500", count)
	}
	if len(deployed.Alarms) > 5 {
		t.Errorf("%d alarms: one over many things is cheaper and read more often", len(deployed.Alarms))
	}
}

func TestLambdaMainIsOneStatement(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("*/*/lambda/*.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("found no lambda/main.go: %v", err)
	}
	for _, main := range mains {
		if filepath.Base(main) != "main.go" {
			t.Errorf("%s: expected main.go alone", main)
		}
		name := filepath.Base(filepath.Dir(filepath.Dir(main)))
		file, err := parser.ParseFile(token.NewFileSet(), main, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		var functions []*ast.FuncDecl
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				functions = append(functions, function)
			}
		}
		if len(file.Decls) != 2 || len(functions) != 1 || len(functions[0].Body.List) != 1 || statement(functions[0].Body.List[0]) != "onlambda.Start("+name+".Function)" {
			t.Errorf("%s: expected one statement, onlambda.Start(%s.Function)", main, name)
		}
	}
}

// statement writes a call of selectors the way it stands in the source.
func statement(s ast.Stmt) string {
	expression, ok := s.(*ast.ExprStmt)
	if !ok {
		return ""
	}
	call, ok := expression.X.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return ""
	}
	return selector(call.Fun) + "(" + selector(call.Args[0]) + ")"
}

func selector(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	name, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return name.Name + "." + s.Sel.Name
}

func TestEveryFunctionIsNamedForItsFolder(t *testing.T) {
	t.Parallel()
	for _, function := range functions.All {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(function.Name)+"/function.go", nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		if file.Name.Name != path.Base(function.Name) {
			t.Errorf("%s: package %s, expected %s", function.Name, file.Name.Name, path.Base(function.Name))
		}
	}
}

// TestSettingsAreThoseRead opens each function the way Lambda does, against a lookup that remembers what it was asked, once for every
// choice that a deployment has, and compares with what the template gives.
func TestSettingsAreThoseRead(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	for _, function := range functions.All {
		given, _ := deployed.Function(function.Name)
		asked := map[string]bool{}
		for _, choice := range choices(deployed, given) {
			_, err := open(t, function, choose(deployed, choice), func(name string) { asked[name] = true })
			if err != nil {
				t.Errorf("%s: open with %v: %v", function.Name, choice, err)
			}
		}
		var settings []string
		for _, setting := range given.Settings {
			settings = append(settings, setting.Name)
		}
		same(t, function.Name+": settings given against settings read", slices.Collect(maps.Keys(asked)), settings)
	}
}

// choices are the parameters of a function's settings, each with each of its allowed values in turn; the first is all defaults.
func choices(deployed template.Template, function template.Function) []map[string]string {
	all := []map[string]string{nil}
	for _, setting := range function.Settings {
		for _, allowed := range deployed.Parameters[setting.Parameter].Allowed {
			all = append(all, map[string]string{setting.Parameter: allowed})
		}
	}
	return all
}

// choose is the template deployed with other parameters.
func choose(deployed template.Template, chosen map[string]string) template.Template {
	changed := deployed
	changed.Functions = slices.Clone(deployed.Functions)
	for i, function := range changed.Functions {
		settings := slices.Clone(function.Settings)
		for j, setting := range settings {
			if value, is := chosen[setting.Parameter]; is {
				settings[j].Value = value
			}
		}
		changed.Functions[i].Settings = settings
	}
	return changed
}

// open opens a function in a Lambda environment that has what the template gives it, and tells asked of every setting looked up.
func open(t *testing.T, function fn.Function, deployed template.Template, asked func(string)) (fn.Opened, error) {
	t.Helper()
	given, found := deployed.Function(function.Name)
	if !found {
		return fn.Opened{}, fmt.Errorf("not in the template")
	}
	values := map[string]string{}
	for _, setting := range given.Settings {
		values[setting.Name] = setting.Value
		if setting.Value == "" {
			values[setting.Name] = "https://known-after-deployment.example/" + strings.ToLower(setting.Name)
		}
	}
	lookup := func(name string) (string, bool) {
		if asked != nil && !ofLambda(name) {
			asked(name)
		}
		if ofLambda(name) {
			value, known := lambda[name]
			return value, known
		}
		value, known := values[name]
		return value, known
	}
	env := onlambda.NewEnv(function.Name, lookup)
	opened, err := function.Open(context.Background(), env)
	if err == nil {
		err = env.Config().Err()
	}
	return opened, err
}

// lambda is what the service itself puts into a function's environment.
var lambda = map[string]string{
	"AWS_REGION": "eu-north-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_LAMBDA_FUNCTION_NAME": "csr-x",
}

func ofLambda(name string) bool {
	return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "_")
}

// decode reads the stream of packages that go list prints.
func decode(raw []byte) ([]listed, error) {
	var packages []listed
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	for decoder.More() {
		var one listed
		err := decoder.Decode(&one)
		if err != nil {
			return nil, err
		}
		packages = append(packages, one)
	}
	return packages, nil
}
