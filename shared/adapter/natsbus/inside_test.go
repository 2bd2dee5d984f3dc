package natsbus

import (
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/fault"
)

func TestAnOldServerIsRefused(t *testing.T) {
	t.Parallel()
	for version, ok := range map[string]bool{
		"2.9.10": false, "2.10.29": false, "1.99.0": false, "": false, "two": false,
		"2.11.0": true, "2.15.2": true, "2.12.0-RC.1": true, "3.0.0": true,
	} {
		err := recentEnough(version)
		if (err == nil) != ok {
			t.Errorf("version %q: got %v", version, err)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("version %q: got %v, want Invalid", version, fault.KindOf(err))
		}
	}
}

func TestThePauseDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	d := Delivery{First: time.Second, Max: time.Minute}
	for failed, whole := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 7: time.Minute, 31: time.Minute, 500: time.Minute} {
		for range 100 {
			got := d.pause(failed)
			if got < whole/2 || got > whole {
				t.Fatalf("after attempt %d: %v, want between %v and %v", failed, got, whole/2, whole)
			}
		}
	}
}

func TestADurableNamesItsConsumer(t *testing.T) {
	t.Parallel()
	for _, consumer := range []string{"consumers/scorefeedback", relay} {
		if got := consumerOf(durable(consumer)); got != consumer {
			t.Errorf("got %s, want %s", got, consumer)
		}
	}
}
