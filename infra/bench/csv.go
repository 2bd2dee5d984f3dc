package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/port"
)

// fileRows is how many sessions the file holds, chunk how many the floor keeps in a statement.
const (
	fileRows = 10_000
	chunk    = 500
)

// file is a Kintell language file whose session ids start with run.
func file(run string) []byte {
	var b bytes.Buffer
	b.WriteString("session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level,topics\n")
	start := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for n := range fileRows {
		at := start.Add(time.Duration(n) * 7 * time.Minute).Format(time.RFC3339)
		fmt.Fprintf(&b, "%s-%d,%s,%s,%s,%s,45,,,A2,\"renting a flat,the doctor\"\n", run, n, email("participant", n), email("volunteer", n*7), at, at)
	}
	return b.Bytes()
}

// floorEvent is an event that says what ours says.
type (
	floorEvent struct {
		Type     string        `json:"type"`
		Data     floorSession  `json:"data"`
		Metadata floorMetadata `json:"metadata"`
	}
	floorSession struct {
		SessionID, ExternalSessionID, SessionType, Participant, Volunteer string
		ScheduledAt, CompletedAt                                          time.Time
		DurationMinutes                                                   int
		LanguageLevel, Topics                                             string
	}
	floorMetadata struct {
		ID, Version                string
		Timestamp                  time.Time
		CorrelationID, CausationID string
	}
)

// floorImport is the least that could be called an import: parse, check, two look-ups, five indexes, an outbox row each with an event that
// says what ours says, chunks of 500.
func floorImport(ctx context.Context, db *pgxpool.Pool, content []byte) error {
	reader := csv.NewReader(bytes.NewReader(content))
	_, err := reader.Read()
	if err != nil {
		return err
	}
	for {
		var ids, externals, participants, volunteers, levels, topics, told []string
		var scheduled, completed []time.Time
		var minutes []int32
		for len(ids) < chunk {
			record, err := reader.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			at, err := time.Parse(time.RFC3339, record[3])
			if err != nil {
				return err
			}
			end, err := time.Parse(time.RFC3339, record[4])
			if err != nil {
				return err
			}
			length, err := strconv.Atoi(record[5])
			if err != nil {
				return err
			}
			id := uuid.NewString()
			event, err := json.Marshal(floorEvent{
				Type:     "kintell.session.completed",
				Data:     floorSession{id, record[0], "language", record[1], record[2], at, end, length, record[8], record[9]},
				Metadata: floorMetadata{uuid.NewString(), "v1", time.Now(), id, id},
			})
			if err != nil {
				return err
			}
			ids, externals, participants, volunteers = append(ids, id), append(externals, record[0]), append(participants, strings.ToLower(record[1])), append(volunteers, strings.ToLower(record[2]))
			scheduled, completed, minutes, levels, topics = append(scheduled, at), append(completed, end), append(minutes, int32(length)), append(levels, record[8]), append(topics, record[9])
			told = append(told, string(event))
		}
		if len(ids) == 0 {
			return nil
		}
		_, err = db.Exec(ctx, `
			WITH g AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::int[], $8::text[], $9::text[], $10::text[])
				AS g(id, external_id, participant, volunteer, scheduled_at, completed_at, minutes, level, topics, told)),
			s AS (INSERT INTO floor_sessions (id, external_id, kind, participant_id, volunteer_id, scheduled_at, completed_at, minutes, level, topics)
				SELECT g.id, g.external_id, 'language', p.id, v.id, g.scheduled_at, g.completed_at, g.minutes, g.level, string_to_array(g.topics, ',')
				FROM g JOIN floor_users p ON p.email = g.participant JOIN floor_users v ON v.email = g.volunteer ON CONFLICT DO NOTHING RETURNING id)
			INSERT INTO floor_outbox (envelope) SELECT g.told FROM g JOIN s USING (id)`,
			ids, externals, participants, volunteers, scheduled, completed, minutes, levels, topics, told)
		if err != nil {
			return err
		}
	}
}

// importer is the consumer on a real ledger, and what it needs to be given a file.
type importer struct {
	handler *importfile.Handler
	ledger  *postgres.Ledger
	files   port.Files
	company string
}

func newImporter(service, dir, companyID string) (*importer, error) {
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL:      func(context.Context) (string, error) { return service, nil },
			MaxConns: poolSize, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: time.Now,
	})
	files, err := disk.New(dir)
	return &importer{importfile.New(ledger, files), ledger, files, companyID}, err
}

// run imports content and says how long the reading took, from the event to the last row.
func (i *importer) run(ctx context.Context, content []byte) (time.Duration, error) {
	now := time.Now().UTC()
	in := intake.Import{
		ID: identity.NewID(), Company: i.company, Kind: intake.KintellLanguage, FileName: "bench.csv", Status: intake.Received,
		Size: int64(len(content)), CreatedBy: "bench", CreatedAt: now,
	}
	in.Key = i.company + "/imports/" + in.ID
	err := i.files.Put(ctx, in.Key, bytes.NewReader(content), in.Size)
	if err != nil {
		return 0, err
	}
	err = i.ledger.Do(ctx, port.In(i.company, "bench"), func(tx port.Tx) error { tx.Imports().Create(in); return nil })
	if err != nil {
		return 0, err
	}
	body := contract.ImportReceived{ImportID: in.ID}
	e := contract.Cause{ID: in.ID, Company: i.company, At: now}.Then(body)
	begun := time.Now()
	err = i.handler.Received(ctx, contract.Of[contract.ImportReceived]{Event: e, Body: body})
	took := time.Since(begun)
	if err != nil {
		return 0, err
	}
	var done intake.Import
	err = i.ledger.Do(ctx, port.In(i.company, "bench"), func(tx port.Tx) error {
		done, err = tx.Imports().Find(ctx, in.ID)
		return err
	})
	if err == nil && (done.Status != intake.Completed || done.Progress.Taken+done.Progress.Same != fileRows) {
		err = fmt.Errorf("import %s: %+v", done.Status, done.Progress)
	}
	return took, err
}

func (b *bench) csv(ctx context.Context) error {
	owner, service, err := b.database(ctx)
	if err != nil {
		return err
	}
	pool, err := floorPool(ctx, owner)
	if err != nil {
		return err
	}
	defer pool.Close()
	process, id, err := b.platform(ctx, service, false)
	if err != nil {
		return err
	}
	process.Stop(ctx)
	ours, err := newImporter(service, filepath.Join(b.dir, "files"), id)
	if err != nil {
		return err
	}
	defer ours.ledger.Close()
	var floors, rates, ratios []float64
	for n := range b.repeat + 1 {
		begun := time.Now()
		err = floorImport(ctx, pool, file(fmt.Sprint("f", n)))
		floor := time.Since(begun)
		if err != nil {
			return err
		}
		took, err := ours.run(ctx, file(fmt.Sprint("o", n)))
		if err != nil {
			return err
		}
		b.progress("csv: floor %.0f rows/s, ours %.0f rows/s, ratio %.2f", fileRows/floor.Seconds(), fileRows/took.Seconds(), floor.Seconds()/took.Seconds())
		if n > 0 { // the first warms both up
			floors, rates, ratios = append(floors, fileRows/floor.Seconds()), append(rates, fileRows/took.Seconds()), append(ratios, floor.Seconds()/took.Seconds())
		}
	}
	row("CSV import of 10,000 rows, rows/s", spread(floors, "%.0f"), spread(rates, "%.0f"), spread(ratios, "%.2f"), "≥ 0.7")
	again, err := ours.run(ctx, file("o1"))
	if err != nil {
		return err
	}
	row("the same file again, which adds nothing, rows/s", "", fmt.Sprintf("%.0f", fileRows/again.Seconds()), "", "")
	return b.memory(ctx, service, id)
}

// memory measures one import in a process of its own, by the most memory it ever had.
func (b *bench) memory(ctx context.Context, service, companyID string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-child", strings.Join([]string{service, filepath.Join(b.dir, "files"), companyID}, "\n"))
	cmd.Stderr = os.Stderr
	answer, err := cmd.Output()
	if err != nil {
		return err
	}
	kib, err := strconv.Atoi(strings.TrimSpace(string(answer)))
	if err != nil {
		return err
	}
	row("memory of that import, MB at most (its process, all of it)", "", fmt.Sprintf("%.0f", float64(kib)/1024), "", "≤ 64")
	return nil
}

// importOnce is the process that memory measures: it says the most memory it ever had, in KiB. (What the kernel tells a parent of its
// child counts the parent's own memory too.)
func importOnce(ctx context.Context, child string) error {
	parts := strings.Split(child, "\n")
	ours, err := newImporter(parts[0], parts[1], parts[2])
	if err != nil {
		return err
	}
	defer ours.ledger.Close()
	_, err = ours.run(ctx, file("memory"))
	if err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, most, _ := strings.Cut(string(status), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(most), " ")
	fmt.Println(kib)
	return nil
}
